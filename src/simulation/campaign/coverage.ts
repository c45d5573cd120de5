/** What of the core, the storage layout and gossip the processes of a campaign have run, as V8 counts it. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Folders of src/ that are told of. */
const FOLDERS = ['core', 'storage', 'gossip'] as const;

export interface Share {
  readonly covered: number;
  readonly total: number;
}

export interface Covered {
  /** From the package's folder. */
  readonly path: string;
  readonly lines: Share;
  readonly functions: Share;
  readonly branches: Share;
}

export interface Coverage {
  readonly folders: readonly Covered[];
  readonly files: readonly Covered[];
}

/** Where processes leave their counts when they end. */
export class CoverageFolder {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  static async create(): Promise<CoverageFolder> {
    return new CoverageFolder(await mkdtemp(join(tmpdir(), 'boato-coverage-')));
  }

  /** For the processes. */
  get env(): NodeJS.ProcessEnv {
    return { NODE_V8_COVERAGE: this.#path };
  }

  /** Once the processes are gone. For good. */
  async read(): Promise<Coverage> {
    // Only where it is asked for: those who use the package have no need of it.
    const { CoverageReport } = await import('monocart-coverage-reports');
    const isTold = (path: string): boolean => FOLDERS.some((folder) => path.includes(`src/${folder}/`));
    const report = new CoverageReport({
      logging: 'error',
      outputDir: join(this.#path, 'report'),
      reports: 'none',
      entryFilter: (entry) => /\/dist\/(core|storage|gossip)\//u.test(entry.url),
      sourceFilter: isTold,
    });
    await report.addFromDir(this.#path);
    const results = await report.generate();
    const files = (results?.files ?? []).map(({ sourcePath, summary }) => ({ sourcePath, summary }));
    await rm(this.#path, { recursive: true, force: true });
    return coverageOf(
      files.map(({ sourcePath, summary: { lines, functions, branches } }) => ({
        path: sourcePath,
        lines: shareOf(lines),
        functions: shareOf(functions),
        branches: shareOf(branches),
      })),
    );
  }
}

function coverageOf(files: readonly Covered[]): Coverage {
  const folders = FOLDERS.map((folder): Covered => {
    const path = `src/${folder}`;
    const inside = files.filter((file) => file.path.startsWith(`${path}/`));
    const sum = (name: 'lines' | 'functions' | 'branches'): Share => ({
      covered: inside.reduce((total, file) => total + file[name].covered, 0),
      total: inside.reduce((total, file) => total + file[name].total, 0),
    });
    return { path, lines: sum('lines'), functions: sum('functions'), branches: sum('branches') };
  });
  return { folders, files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)) };
}

function shareOf({ covered, total }: { readonly covered: number; readonly total: number }): Share {
  return { covered, total };
}

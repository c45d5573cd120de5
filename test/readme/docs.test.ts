/** The pages of `docs/` for newcomers: their examples do what they say, and what they name is there. */

import { execFile } from 'node:child_process';
import { access, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import detectionFigures from '../../docs/drawing/detection-figures.json' with { type: 'json' };
import figures from '../../docs/drawing/literature-figures.json' with { type: 'json' };
import { svg } from '../../docs/drawing/svg.ts';
import { PICTURES } from '../../docs/drawing/pictures.ts';
import { exitCodeOf } from '../../src/cli/cli-error.ts';
import { BoatoError, ERROR_CODES, type ErrorCode } from '../../src/core/errors.ts';
import { page as detectionPage } from '../../src/simulation/detection/page.ts';
import type { Figures } from '../../src/simulation/literature/figures.ts';
import { pageOf } from '../../src/simulation/literature/page.ts';
import { statusOf } from '../../src/server/http-errors.ts';
import { exchangesOf, holdDialogue } from './dialogue.ts';
import { PACKAGE, readersFolder } from './readers-folder.ts';

const run = promisify(execFile);
const PAGES = [
  'README',
  'start',
  'concepts',
  'guarantees',
  'operating',
  'errors',
  'scale',
  'cluster-figures',
].map((name) => `docs/${name}.md`);
const textByPage = new Map<string, string>();
for (const page of [...PAGES, 'README.md']) textByPage.set(page, await read(page));

function read(path: string): Promise<string> {
  return readFile(join(PACKAGE, path), 'utf8');
}

function blocksOf(page: string, kind: string): readonly string[] {
  const text = textByPage.get(page) ?? '';
  return [...text.matchAll(new RegExp(`\`\`\`${kind}\\n(.*?)\`\`\``, 'gsu'))].map(([, block = '']) => block);
}

const PROGRAMS = PAGES.flatMap((page) => {
  const outputs = blocksOf(page, 'output');
  return blocksOf(page, 'js example').map((code, at) => ({ page, code, output: outputs[at] }));
});
const DIALOGUES = PAGES.map((page) => ({
  page,
  dialogue: blocksOf(page, 'console example').join(''),
})).filter(({ dialogue }) => dialogue !== '');

describe('the pages for newcomers', () => {
  test('have programs and dialogues', () => {
    expect(PROGRAMS).toHaveLength(2);
    expect(DIALOGUES.flatMap(({ dialogue }) => exchangesOf(dialogue)).length).toBeGreaterThan(20);
  });

  test.each(PROGRAMS)('have a program in $page that prints what it says', async ({ code, output }) => {
    const { folder, env } = await readersFolder();
    await writeFile(join(folder, 'example.mjs'), code);
    const { stdout } = await run(process.execPath, ['example.mjs'], { cwd: folder, env });
    expect(stdout).toBe(output);
  });

  test.each(DIALOGUES)(
    'have a dialogue in $page that goes as it says',
    async ({ dialogue }) => {
      await holdDialogue(dialogue, await readersFolder());
    },
    120_000,
  );

  test('have files of settings, all of which are taken', async () => {
    const { folder, env } = await readersFolder();
    for (const text of blocksOf('docs/start.md', 'toml example')) {
      await writeFile(join(folder, 'boato.toml'), text);
      const command = 'store config --config boato.toml --json';
      const { stdout } = await run('/bin/sh', ['-c', command], { cwd: folder, env });
      const { settings } = JSON.parse(stdout) as { settings: { key: string; from: string }[] };
      const taken = settings.filter(({ from }) => from === 'file').map(({ key }) => key);
      const written = [...text.matchAll(/^(?<key>[a-z-]+) = /gmu)].map(({ groups }) => groups?.['key']);
      expect(new Set(taken)).toStrictEqual(new Set(written));
    }
  });

  test.each(PAGES)('%s links to what is there, and to headings that are there', async (page) => {
    const text = textByPage.get(page) ?? '';
    const links = [...text.matchAll(/\]\((?!https?:)(?<path>[^)#]*)(?:#(?<heading>[^)]*))?\)/gu)];
    for (const { groups } of links) {
      const { path = '', heading = '' } = groups ?? {};
      const target = path === '' ? page : join(dirname(page), path);
      await expect(access(join(PACKAGE, target)), `${page} links to ${target}`).resolves.toBeUndefined();
      const anchors = target.endsWith('.md') ? anchorsOf(await read(target)) : [];
      expect(['', ...anchors], target).toContain(heading);
    }
  });

  test.each(PAGES)('%s names tests and scripts that are there', async (page) => {
    const text = textByPage.get(page) ?? '';
    for (const [path] of text.matchAll(/\btest\/[\w/-]+\.test\.ts/gu))
      await expect(access(join(PACKAGE, path)), path).resolves.toBeUndefined();
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
    for (const [, script = ''] of text.matchAll(/\bnpm run (?<script>[a-z:]+)/gu))
      expect(Object.keys(scripts)).toContain(script);
  });

  test('explain every warning of a status', async () => {
    const [, codes = ''] =
      /interface Warning \{.*?code:(.*?);/su.exec(await read('src/node/status-api.ts')) ?? [];
    const warnings = [...codes.matchAll(/'(?<code>[A-Z_]+)'/gu)].map(({ groups }) => groups?.['code'] ?? '');
    expect(warnings.length).toBeGreaterThan(10);
    for (const code of warnings) expect(textByPage.get('docs/operating.md')).toContain(`\`${code}\``);
  });
});

/** As GitHub makes them. */
function anchorsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (?<heading>.+)$/gmu)].map(({ groups }) =>
    (groups?.['heading'] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the page of errors', () => {
  const sections = (textByPage.get('docs/errors.md') ?? '')
    .split(/^### /mu)
    .slice(1)
    .map((section) => {
      const [, code, exit, status, text] =
        /^([A-Z_]+)\n\nExit code (\d), status (\d+)\.\n\n(.*)$/su.exec(section) ?? [];
      return { code, exit, status, text };
    });

  test('has every error code, and none that does not exist', () => {
    expect(new Set<string | undefined>(sections.map(({ code }) => code))).toStrictEqual(new Set(ERROR_CODES));
    expect(sections).toHaveLength(ERROR_CODES.length);
  });

  test('tells the exit code and the status of each, and what to do', () => {
    for (const { code, exit, status, text } of sections) {
      expect(exitCodeOf(new BoatoError(code as ErrorCode, '')), code).toBe(Number(exit));
      expect(statusOf(code as ErrorCode), code).toBe(Number(status));
      expect(text, code).toMatch(/^\*What to do:\* /mu);
    }
  });
});

describe('the pictures', () => {
  test.each(PICTURES)('$name.svg is what the script draws', async (picture) => {
    expect(await read(`docs/pictures/${picture.name}.svg`)).toBe(svg(picture));
  });

  test('of failure detection, and what the page says of it, are made from the same figures', () => {
    expect(textByPage.get('docs/cluster-figures.md')).toContain(detectionPage(detectionFigures));
  });

  test('and the page of figures of the literature are drawn and written from the same ones', () => {
    expect(textByPage.get('docs/cluster-figures.md')).toContain(pageOf(figures as unknown as Figures));
  });

  test('are all shown on a page, and no other is there', async () => {
    const names = PICTURES.map(({ name }) => `${name}.svg`).toSorted();
    expect((await readdir(join(PACKAGE, 'docs', 'pictures'))).toSorted()).toStrictEqual(names);
    const shown = PAGES.map((page) => textByPage.get(page)).join('');
    for (const name of names) expect(shown).toContain(`(pictures/${name})`);
  });
});

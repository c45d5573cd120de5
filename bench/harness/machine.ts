/** What the figures were measured on. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, loadavg, platform, totalmem } from 'node:os';

/** `folder`: of the package. */
export function machine(folder: URL): string {
  const { version } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as {
    version: string;
  };
  const { version: level } = createRequire(import.meta.url)('classic-level/package.json') as {
    version: string;
  };
  const [cpu] = cpus();
  const cores = `${cpus().length} x ${cpu?.model.trim() ?? 'unknown'}`;
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const load = loadavg()[0]?.toFixed(1) ?? '?';
  return `${platform()} ${arch()}, ${cores}, ${memory}, Node ${process.versions.node}, Boato ${version}, classic-level ${level}, load ${load} at the start`;
}

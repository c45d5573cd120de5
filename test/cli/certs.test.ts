/** `store certs`: what it makes, and what it leaves alone. */

import { X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCertificates } from '../../src/adapters/certificates.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runMain } from './run-main.ts';

async function made(...nodes: readonly string[]): Promise<string> {
  const out = join(await temporaryFolder(), 'certs');
  expect(await runMain(['certs', 'init', '--out', out])).toMatchObject({ code: 0, stderr: '' });
  for (const node of nodes)
    expect(await runMain(['certs', 'node', node, '--out', out])).toMatchObject({ code: 0, stderr: '' });
  return out;
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

describe('store certs', () => {
  it('makes an authority, and of it what a node needs', async () => {
    const out = await made('lisboa', 'porto');
    const pathsOf = (node: string): { cert: string; key: string; ca: string } => ({
      cert: join(out, `${node}.crt`),
      key: join(out, `${node}.key`),
      ca: join(out, 'ca.crt'),
    });
    expect(await readCertificates(pathsOf('lisboa'))).toMatchObject({ name: 'lisboa', authorities: 1 });
    expect(await readCertificates(pathsOf('porto'))).toMatchObject({ name: 'porto' });
  });

  it('keeps keys from other users', async () => {
    const out = await made('a');
    expect(await modeOf(join(out, 'ca.key'))).toBe('600');
    expect(await modeOf(join(out, 'a.key'))).toBe('600');
    expect(await modeOf(join(out, 'a.crt'))).toBe('644');
    expect(await modeOf(out)).toBe('700');
  });

  it('overwrites nothing unless it is told to', async () => {
    const out = await made('a');
    const before = await readFile(join(out, 'a.crt'), 'utf8');
    for (const [args, file] of [
      [['certs', 'init'], 'ca.crt'],
      [['certs', 'node', 'a'], 'a.crt'],
    ] as const) {
      expect(await runMain([...args, '--out', out])).toMatchObject({
        code: 2,
        stdout: '',
        stderr: `store: ${join(out, file)} is there already: --force puts another one in its place.\n`,
      });
    }
    expect(await readFile(join(out, 'a.crt'), 'utf8')).toBe(before);
    expect(await runMain(['certs', 'node', 'a', '--out', out, '--force'])).toMatchObject({ code: 0 });
    expect(await readFile(join(out, 'a.crt'), 'utf8')).not.toBe(before);
    expect(await modeOf(join(out, 'a.key'))).toBe('600');
  });

  it('leaves nothing beside where a file cannot be put in its place', async () => {
    const out = await made();
    await mkdir(join(out, 'a.crt'));
    const { code, stderr } = await runMain(['certs', 'node', 'a', '--out', out, '--force']);
    expect(code).toBe(3);
    expect(stderr).toContain('cannot be written');
    expect((await readdir(out)).filter((name) => /\.[0-9a-f]{8}$/u.test(name))).toStrictEqual([]);
  });

  it('names hosts, and says for how long it is good', async () => {
    const out = await made();
    const hosts = ['--host', '10.0.0.1', '--host', 'lisboa.example', '--host', '::1'];
    const args = ['certs', 'node', 'a', '--out', out, '--days', '30', '--json', ...hosts];
    const { stdout } = await runMain(args);
    const told = JSON.parse(stdout) as { cert: string; notAfter: number };
    const certificate = new X509Certificate(await readFile(told.cert));
    expect(certificate.subjectAltName).toBe(
      'URI:boato:node:a, IP Address:10.0.0.1, DNS:lisboa.example, IP Address:0:0:0:0:0:0:0:1',
    );
    const days = (told.notAfter - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29.9);
    expect(days).toBeLessThanOrEqual(30);
    expect(Math.abs(Date.parse(certificate.validTo) - told.notAfter)).toBeLessThan(1000);
  });

  it('lets no certificate outlive its authority', async () => {
    const out = join(await temporaryFolder(), 'certs');
    await runMain(['certs', 'init', '--out', out, '--days', '10']);
    await runMain(['certs', 'node', 'a', '--out', out]);
    const [ca, a] = await Promise.all(
      ['ca.crt', 'a.crt'].map(async (name) => new X509Certificate(await readFile(join(out, name)))),
    );
    expect(a?.validTo).toBe(ca?.validTo);
  });

  it('says in one sentence what it lacks', async () => {
    const empty = await temporaryFolder();
    expect(await runMain(['certs', 'node', 'a', '--out', empty])).toMatchObject({
      code: 3,
      stderr: `store: The authority's file ${join(empty, 'ca.crt')} cannot be read: there is no such file. \`store certs init\` makes one.\n`,
    });
    const out = await made();
    await writeFile(join(out, 'ca.key'), 'nonsense');
    expect((await runMain(['certs', 'node', 'a', '--out', out])).stderr).toMatch(
      /^store: The authority in .*ca\.crt and .*ca\.key cannot be used: /,
    );
    expect((await runMain(['certs', 'node', 'a b', '--out', out])).stderr).toMatch(/^store: The name takes /);
    expect((await runMain(['certs', 'node', 'ca', '--out', out])).stderr).toMatch(/^store: The name takes /);
  });
});

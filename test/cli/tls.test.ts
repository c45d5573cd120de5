/** Certificates on the command line: a cluster that speaks TLS, and what status and doctor tell of it. */

import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CertificatePaths } from '../../src/adapters/certificates.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { TestAuthority } from '../support/certificates.ts';
import { runStore, startServe } from '../support/run-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runMain } from './run-main.ts';

const DATE = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`;

function options({ cert, key, ca }: Partial<CertificatePaths>): readonly string[] {
  return Object.entries({ '--tls-cert': cert, '--tls-key': key, '--tls-ca': ca }).flatMap(([option, path]) =>
    path === undefined ? [] : [option, path],
  );
}

async function privately(paths: CertificatePaths): Promise<CertificatePaths> {
  await chmod(paths.key, 0o600);
  return paths;
}

/** Of `store doctor` about certificates. */
async function found(...args: readonly string[]): Promise<readonly Finding[]> {
  const { stdout } = await runMain(['doctor', '--json', ...args]);
  const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
  return findings.filter(({ subject }) => subject === 'tls');
}

describe('store serve with certificates', () => {
  it('exchanges with a peer, beyond loopback too, and status and doctor tell how long they are good', async () => {
    const folder = await temporaryFolder();
    const out = join(folder, 'certs');
    await runMain(['certs', 'init', '--out', out]);
    const tlsOf = async (name: string): Promise<readonly string[]> => {
      await runMain(['certs', 'node', name, '--out', out]);
      const [cert, key, ca] = [`${name}.crt`, `${name}.key`, 'ca.crt'].map((file) => join(out, file));
      return options({ cert, key, ca } as CertificatePaths);
    };
    const [a, b] = [join(folder, 'a'), join(folder, 'b')];
    const nodeA = await startServe(['--data', a, '--name', 'a', '--host', '0.0.0.0', ...(await tlsOf('a'))]);
    const peer = nodeA.address.replace('0.0.0.0', '127.0.0.1');
    await startServe(['--data', b, '--name', 'b', '--peer', peer, ...(await tlsOf('b'))]);
    await runStore(['put', 'greeting', 'hello', '--data', a]);
    await runStore(['sync', '--wait', '--data', b]);
    expect((await runStore(['get', 'greeting', '--data', b])).stdout).toBe('hello\n');
    const { stdout } = await runStore(['status', '--data', b]);
    expect(stdout).toMatch(
      new RegExp(`^TLS +certificate good until ${DATE}, its authority until ${DATE}$`, 'mu'),
    );
    expect(await found('--data', b)).toMatchObject([
      { mark: 'ok', message: expect.stringMatching(/^certificate good until/) as string },
    ]);
  });

  it('says in one sentence what is wrong with them, and does not start', async () => {
    const folder = await temporaryFolder();
    const authority = await TestAuthority.make(folder);
    const paths = await authority.issue('a');
    const data = join(folder, 'data');
    const serve = (...args: readonly string[]) => runMain(['serve', '--data', data, '--port', '0', ...args]);
    expect(await serve('--name', 'b', ...options(paths))).toMatchObject({
      code: 3,
      stderr: `store: The certificate in ${paths.cert} is that of node a, and this is node b.\n`,
    });
    expect(await serve(...options({ cert: paths.cert, key: paths.key }))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^store: TLS takes three files: /) as string,
    });
  });
});

describe('store doctor without a node', () => {
  it('looks at the certificates that the settings name', async () => {
    const folder = await temporaryFolder();
    const authority = await TestAuthority.make(folder);
    const data = ['--data', join(folder, 'node')];
    const good = await privately(await authority.issue('a'));
    expect(await found(...data, ...options(good))).toMatchObject([
      { mark: 'ok', message: expect.stringMatching(/^node a, certificate good until/) as string },
    ]);
    const soon = await privately(await authority.issue('a', { days: 20 }));
    expect(await found(...data, ...options(soon))).toMatchObject([
      { mark: 'warning', message: expect.stringMatching(/expires in 20 days/) as string },
    ]);
    const expired = await privately(await authority.issue('a', { fromDays: -9, days: -2 }));
    expect(await found(...data, ...options(expired))).toMatchObject([
      { mark: 'problem', message: expect.stringMatching(/expired on/) as string },
    ]);
    expect(await found(...data, ...options({ cert: good.cert }))).toMatchObject([
      { mark: 'problem', message: 'not all of the three files are named' },
    ]);
    expect(await found(...data, ...options({ ...good, key: soon.key }))).toMatchObject([
      { mark: 'problem', message: expect.stringMatching(/is not that of the certificate/) as string },
    ]);
    await chmod(good.key, 0o644);
    expect(await found(...data, ...options(good))).toMatchObject([
      { mark: 'ok' },
      { mark: 'warning', advice: `chmod 600 ${good.key}` },
    ]);
  });
});

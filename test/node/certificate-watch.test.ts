/** Certificates that are exchanged while a node runs. */

import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { parseAddress } from '../../src/adapters/address.ts';
import type { CertificatePaths } from '../../src/adapters/certificates.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { createTcpTransport } from '../../src/adapters/tcp-transport.ts';
import { expiryWarnings } from '../../src/node/certificate-expiry.ts';
import { CertificateWatch, LOOK_MS } from '../../src/node/certificate-watch.ts';
import type { NodeId } from '../../src/core/actor.ts';
import type { Transport } from '../../src/ports/transport.ts';
import { contentsOfAll } from '../contract/contents.ts';
import { Accepted, Received } from '../contract/transport.contract.ts';
import { TestAuthority } from '../support/certificates.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { makeTemporaryFolder, removeFolder } from '../support/temporary-folder.ts';

const folder = await makeTemporaryFolder();
afterAll(() => removeFolder(folder));
const authority = await TestAuthority.make(folder);
const next = await TestAuthority.make(folder);

interface Watched {
  readonly watch: CertificateWatch;
  readonly clock: SimulatedClock;
  readonly log: RecordingLog;
  readonly transport: Transport;
}

async function watched(paths: CertificatePaths): Promise<Watched> {
  const [clock, log] = [new SimulatedClock(Date.now()), new RecordingLog()];
  const watch = await CertificateWatch.open(paths, clock, log);
  watch.start();
  const transport = createTcpTransport({ frameBytesMax: 1000, certificates: watch });
  onTestFinished(async () => {
    watch.stop();
    await transport.close();
  });
  return { watch, clock, log, transport };
}

/** Lets the watch look at the files once more. */
async function look({ clock, watch, log }: Watched): Promise<void> {
  const before = log.lines.length;
  await clock.advance(LOOK_MS);
  while (log.lines.length === before) await new Promise((resolve) => setImmediate(resolve));
  await watch.look();
}

async function serialAt(address: string): Promise<string> {
  const socket: TLSSocket = connect({ ...parseAddress(address), rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket.getPeerX509Certificate()?.serialNumber ?? 'none';
}

async function serialIn({ cert }: CertificatePaths): Promise<string> {
  return new X509Certificate(await readFile(cert)).serialNumber;
}

describe('a certificate that is put in the place of another', () => {
  test('is shown from then on, and peers that are connected stay', async () => {
    const paths = await authority.issue('a');
    const a = await watched(paths);
    const b = await watched(await authority.issue('b'));
    const accepted = new Accepted();
    const { address } = await a.transport.listen('127.0.0.1:0', accepted.add);
    const before = await b.transport.dial(address);
    const received = new Received(await accepted.nth(1));
    const old = await serialIn(paths);
    expect(await serialAt(address)).toBe(old);

    await authority.replace(paths, 'a');
    await look(a);

    expect(a.log.lines).toEqual([expect.stringMatching(/^info New certificates are in force\./)]);
    expect(await serialAt(address)).toBe(await serialIn(paths));
    expect(await serialAt(address)).not.toBe(old);
    expect((await b.transport.dial(address)).identity).toEqual({ name: 'a' });
    await before.send(Uint8Array.of(5));
    expect(contentsOfAll(await received.first(1))).toEqual(['05']);
  });

  test('lets a cluster go over to another authority without a stop', async () => {
    const [ofA, ofB] = [await authority.issue('a'), await authority.issue('b')];
    const [a, b] = [await watched(ofA), await watched(ofB)];
    const accepted = new Accepted();
    const { address } = await a.transport.listen('127.0.0.1:0', accepted.add);
    let dials = 0;
    const bothAgree = async (): Promise<void> => {
      expect((await b.transport.dial(address)).identity).toEqual({ name: 'a' });
      expect((await accepted.nth(++dials)).identity).toEqual({ name: 'b' });
    };
    const both = [authority, next];
    for (const [node, paths, name, issuer, trusted] of [
      [a, ofA, 'a', authority, both],
      [b, ofB, 'b', authority, both],
      [a, ofA, 'a', next, both],
      [b, ofB, 'b', next, both],
      [a, ofA, 'a', next, [next]],
      [b, ofB, 'b', next, [next]],
    ] as const) {
      await issuer.replace(paths, name, { trusted });
      await look(node);
      await bothAgree();
    }
    expect(a.watch.status().authorities).toBe(1);
    // Who was left behind is kept out.
    const c = await watched(await authority.issue('c', { trusted: both }));
    await c.transport.dial(address);
    expect((await accepted.nth(++dials)).identity).toEqual({ problem: expect.stringMatching(/not trusted/) });
  });

  test('but cannot be used leaves the old one in force, with one warning, until it can', async () => {
    const paths = await authority.issue('a');
    const a = await watched(paths);
    const { address } = await a.transport.listen('127.0.0.1:0', () => undefined);
    const old = await serialIn(paths);
    const other = await authority.issue('a');
    await writeFile(paths.cert, await readFile(other.cert));
    await look(a);
    expect(a.watch.warnings()).toEqual([
      {
        code: 'CERTIFICATE_UNUSABLE',
        message: `What was put in place of the certificates in force cannot be used, so they stay: The key in ${paths.key} is not that of the certificate in ${paths.cert}.`,
      },
    ]);
    expect(a.log.lines).toHaveLength(1);
    expect(await serialAt(address)).toBe(old);
    await writeFile(paths.key, await readFile(other.key));
    await look(a);
    expect(a.watch.warnings()).toEqual([]);
    expect(await serialAt(address)).toBe(await serialIn(other));
  });

  test('is not taken if it is of another node, or gone', async () => {
    const paths = await authority.issue('a');
    const a = await watched(paths);
    await authority.replace(paths, 'b');
    await look(a);
    expect(a.watch.warnings()[0]?.message).toMatch(/is that of node b, and this is node a\.$/);
    await rm(paths.cert);
    await a.watch.look();
    expect(a.watch.warnings()[0]?.message).toMatch(/cannot be read: there is no such file\.$/);
    expect(a.watch.current.name).toBe('a');
  });
});

describe('the end of a certificate', () => {
  const DAY_MS = 86_400_000;
  const endMs = Date.UTC(2026, 5, 30);
  const dates = {
    name: 'a' as NodeId,
    notBeforeMs: Date.UTC(2026, 0, 1),
    notAfterMs: endMs,
    authorityNotAfterMs: Date.UTC(2036, 0, 1),
  };
  const toldAt = (ms: number): string[] =>
    expiryWarnings(dates, ms).map(({ code, message }) => `${code}: ${message}`);

  test('is told a month before, more strongly a week before, and when it has come', () => {
    expect([
      ...toldAt(endMs - 30 * DAY_MS - 1),
      ...toldAt(endMs - 30 * DAY_MS),
      ...toldAt(endMs - 7 * DAY_MS - 1),
      ...toldAt(endMs - 7 * DAY_MS),
      ...toldAt(endMs - 1),
      ...toldAt(endMs),
      ...toldAt(dates.notBeforeMs - 1),
    ]).toMatchInlineSnapshot(`
      [
        "CERTIFICATE_EXPIRES: The certificate of node a expires in 30 days, on 2026-06-30T00:00:00.000Z: put a new one in its place (\`store certs node\`).",
        "CERTIFICATE_EXPIRES: The certificate of node a expires in 8 days, on 2026-06-30T00:00:00.000Z: put a new one in its place (\`store certs node\`).",
        "CERTIFICATE_EXPIRES_SOON: The certificate of node a expires in 7 days only, on 2026-06-30T00:00:00.000Z, and then this node loses its peers: put a new one in its place (\`store certs node\`) now.",
        "CERTIFICATE_EXPIRES_SOON: The certificate of node a expires in 1 day only, on 2026-06-30T00:00:00.000Z, and then this node loses its peers: put a new one in its place (\`store certs node\`) now.",
        "CERTIFICATE_EXPIRED: The certificate of node a expired on 2026-06-30T00:00:00.000Z: no peer takes it any more, and connections that end do not come back; put a new one in its place (\`store certs node\`).",
        "CERTIFICATE_EXPIRED: The certificate of node a is good from 2026-01-01T00:00:00.000Z on only, by this machine's clock: no peer takes it before.",
      ]
    `);
  });

  test("is the authority's, too", () => {
    expect(
      expiryWarnings({ ...dates, authorityNotAfterMs: endMs + DAY_MS }, endMs - DAY_MS).map(
        ({ code }) => code,
      ),
    ).toEqual(['CERTIFICATE_EXPIRES_SOON', 'CERTIFICATE_EXPIRES_SOON']);
  });
});

import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { parseAddress } from '../../src/adapters/address.ts';
import { type CertificatePaths, readCertificates } from '../../src/adapters/certificates.ts';
import { frameHeader } from '../../src/adapters/frame.ts';
import { createTcpTransport } from '../../src/adapters/tcp-transport.ts';
import type { Transport } from '../../src/ports/transport.ts';
import { contentsOfAll } from '../contract/contents.ts';
import { Accepted, describeTransport, Received } from '../contract/transport.contract.ts';
import { TestAuthority } from '../support/certificates.ts';
import { makeTemporaryFolder, removeFolder } from '../support/temporary-folder.ts';

const FRAME_BYTES_MAX = 1_000_000;

const folder = await makeTemporaryFolder();
afterAll(() => removeFolder(folder));
const authority = await TestAuthority.make(folder);
const foreign = await TestAuthority.make(folder);
const a = await authority.issue('a');
const b = await authority.issue('b');
const [ofA, ofB] = [await readCertificates(a), await readCertificates(b)];

function transport(certificates: typeof ofA | undefined, dialTimeoutMs?: number): Transport {
  const timeout = dialTimeoutMs === undefined ? {} : { dialTimeoutMs };
  const made = createTcpTransport({
    frameBytesMax: FRAME_BYTES_MAX,
    certificates: certificates && { current: certificates },
    ...timeout,
  });
  return made;
}

describeTransport('TLS', () => ({
  listening: transport(ofA),
  dialling: transport(ofB),
  address: '127.0.0.1:0',
  frameBytesMax: FRAME_BYTES_MAX,
}));

/** Node a listens, and somebody dials it. */
async function listening(
  certificates: typeof ofA | 'none' = ofA,
): Promise<{ readonly address: string; readonly accepted: Accepted }> {
  const listener = transport(certificates === 'none' ? undefined : certificates);
  onTestFinished(() => listener.close());
  const accepted = new Accepted();
  const { address } = await listener.listen('127.0.0.1:0', accepted.add);
  return { address, accepted };
}

function dialler(certificates: typeof ofA | undefined): Transport {
  const made = transport(certificates, 1000);
  onTestFinished(() => made.close());
  return made;
}

async function dialledBy(paths: CertificatePaths): Promise<unknown> {
  const { address, accepted } = await listening();
  await dialler(await readCertificates(paths)).dial(address);
  return (await accepted.nth(1)).identity;
}

async function dialledAt(paths: CertificatePaths): Promise<unknown> {
  const { address } = await listening(await readCertificates(paths));
  return (await dialler(ofB).dial(address)).identity;
}

/** Speaks TLS, but not with our transport. */
async function stranger(address: string, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connectTls({ ...parseAddress(address), rejectUnauthorized: false, ...options });
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

describe('a TLS connection', () => {
  test('proves to each end the name of the other', async () => {
    const { address, accepted } = await listening();
    const connection = await dialler(ofB).dial(address);
    expect(connection.identity).toEqual({ name: 'a' });
    expect((await accepted.nth(1)).identity).toEqual({ name: 'b' });
  });

  test.each([
    [
      'a foreign authority',
      () => foreign.issue('b'),
      /^the certificate of node b was issued by an authority/,
    ],
    [
      'an expired one',
      () => authority.issue('b', { fromDays: -9, days: -2 }),
      /^the certificate of node b expired/,
    ],
    [
      'one of tomorrow',
      () => authority.issue('b', { fromDays: 1 }),
      /^the certificate of node b is good from/,
    ],
  ] as const)('proves nothing with %s, to whichever end', async (_, issue, problem) => {
    const paths = await issue();
    expect(await dialledBy(paths)).toEqual({ problem: expect.stringMatching(problem) });
    expect(await dialledAt(paths)).toEqual({ problem: expect.stringMatching(problem) });
  });

  test('proves nothing where an expired authority has issued it', async () => {
    const expired = await TestAuthority.make(folder, -1, -30);
    const listener = await authority.issue('a', { trusted: [authority, expired] });
    const { address, accepted } = await listening(await readCertificates(listener));
    const paths = await expired.issue('b', { trusted: [authority, expired] });
    await dialler(await readCertificates(paths)).dial(address);
    expect((await accepted.nth(1)).identity).toEqual({ problem: expect.stringMatching(/expired/) });
  });

  test('proves nothing at another host than those that its certificate names, if it names any', async () => {
    const elsewhere = await authority.issue('a', { hosts: ['10.0.0.1', 'lisboa.example'] });
    const problem = 'the certificate of node a is for other hosts than 127.0.0.1';
    expect(await dialledAt(elsewhere)).toEqual({ problem });
    expect(await dialledAt(await authority.issue('a', { hosts: ['10.0.0.1', '127.0.0.1'] }))).toEqual({
      name: 'a',
    });
    // Who dials may come from anywhere.
    expect(await dialledBy(elsewhere)).toEqual({ name: 'a' });
  });

  test('takes certificates of two authorities while one takes the place of the other', async () => {
    const both = [authority, foreign];
    const { address, accepted } = await listening(
      await readCertificates(await authority.issue('a', { trusted: both })),
    );
    await dialler(await readCertificates(await authority.issue('b', { trusted: both }))).dial(address);
    await dialler(await readCertificates(await foreign.issue('c', { trusted: both }))).dial(address);
    expect((await accepted.nth(1)).identity).toEqual({ name: 'b' });
    expect((await accepted.nth(2)).identity).toEqual({ name: 'c' });
  });

  test('delivers nothing of an end that shows no certificate', async () => {
    const { address, accepted } = await listening();
    const socket = await stranger(address, {});
    await once(socket, 'secureConnect');
    const connection = await accepted.nth(1);
    expect(connection.identity).toEqual({ problem: 'no certificate was shown' });
    const received = new Received(connection);
    socket.end(Buffer.concat([frameHeader(1), Buffer.of(1)]));
    await received.closed;
    expect([received.messages, connection.bytesReceived]).toEqual([[], 0]);
  });

  test('is not made with an older version of TLS', async () => {
    const { address, accepted } = await listening();
    const socket = await stranger(address, { maxVersion: 'TLSv1.2' });
    await new Promise((resolve) => socket.once('close', resolve));
    expect((await accepted.nth(1)).identity).toEqual({
      problem: expect.stringMatching(/^the TLS handshake failed \(ERR_SSL_/),
    });
  });

  test('is not resumed: each one shows its certificates anew', async () => {
    const { address, accepted } = await listening();
    const { cert, key } = ofB.options;
    const mine = { cert, key };
    const first = await stranger(address, mine);
    const session = once(first, 'session');
    (await accepted.nth(1)).start({ onMessage: () => {}, onClose: () => {} });
    void (await accepted.nth(1)).send(Uint8Array.of(1));
    const [ticket] = (await session) as [Buffer];
    const second = await stranger(address, { session: ticket });
    await once(second, 'secureConnect');
    // It was: else it would have to show a certificate, and has none.
    expect(second.isSessionReused()).toBe(true);
    const { identity } = await accepted.nth(2);
    expect(identity).toEqual({ problem: 'an earlier session was resumed' });
  });
});

/** Takes connections, and never says a word. */
async function silentServer(): Promise<string> {
  const server = createServer((socket) => void socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('between TLS and none', () => {
  test('a node with certificates answers one without in its own words, and hears nothing', async () => {
    const { address, accepted } = await listening();
    const plain = await dialler(undefined).dial(address);
    const atPlain = new Received(plain);
    await plain.send(Uint8Array.of(7));
    const connection = await accepted.nth(1);
    expect(connection.identity).toEqual({
      problem: expect.stringMatching(/^the connection came without TLS/),
    });
    const received = new Received(connection);
    await connection.send(Uint8Array.of(1, 2, 3));
    expect(contentsOfAll(await atPlain.first(1))).toEqual(['010203']);
    connection.close();
    await received.closed;
    expect(received.messages).toEqual([]);
  });

  test('a node with certificates cannot dial one without, and both say why', async () => {
    const { address, accepted } = await listening('none');
    const dialling = dialler(ofB).dial(address);
    const connection = await accepted.nth(1);
    const received = new Received(connection);
    await connection.send(Uint8Array.of(1));
    await expect(dialling).rejects.toThrow(/^The peer at .* cannot be reached: it speaks no TLS/);
    expect(await received.closed).toMatch(/^it sent the beginning of TLS, and this node speaks without/);
  });

  test('one that connects and says nothing is cut off in time, and is no news', async () => {
    const quick = transport(ofA, 50);
    onTestFinished(() => quick.close());
    const accepted: unknown[] = [];
    const { address } = await quick.listen('127.0.0.1:0', (connection) => accepted.push(connection));
    const socket = connect(parseAddress(address));
    await once(socket, 'close');
    expect(accepted).toEqual([]);
  });

  test('a node with certificates gives up on one that never ends its handshake', async () => {
    const address = await silentServer();
    await expect(dialler(ofB).dial(address)).rejects.toThrow(/did not answer within 1 s/);
  });

  test('a transport that is closed ends the handshakes that are under way, on either side', async () => {
    const [listener, dialling] = [transport(ofA), transport(ofB)];
    const { address } = await listener.listen('127.0.0.1:0', () => undefined);
    const silent = connect(parseAddress(address));
    onTestFinished(() => void silent.destroy());
    await once(silent, 'connect');
    const attempt = dialling.dial(await silentServer());
    const [failed] = await Promise.all([attempt.catch((error: unknown) => error), dialling.close()]);
    expect(failed).toMatchObject({ code: 'PEER_UNREACHABLE' });
    await listener.close();
    await once(silent, 'close');
  });
});

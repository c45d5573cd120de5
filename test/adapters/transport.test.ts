import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseAddress } from '../../src/adapters/address.ts';
import { frameHeader } from '../../src/adapters/frame.ts';
import { MemoryNetwork } from '../../src/adapters/memory-transport.ts';
import { createTcpTransport } from '../../src/adapters/tcp-transport.ts';
import type { Connection, Transport } from '../../src/ports/transport.ts';
import { contentsOfAll } from '../contract/contents.ts';
import {
  Accepted,
  connected,
  describeTransport,
  Received,
  type TransportPair,
} from '../contract/transport.contract.ts';

const FRAME_BYTES_MAX = 1_000_000;

function tcpPair(address: string): TransportPair {
  const transport = (): Transport => createTcpTransport({ frameBytesMax: FRAME_BYTES_MAX });
  return { listening: transport(), dialling: transport(), address, frameBytesMax: FRAME_BYTES_MAX };
}

function memoryPair(): TransportPair {
  const network = new MemoryNetwork({ frameBytesMax: FRAME_BYTES_MAX });
  return {
    listening: network.transport('a'),
    dialling: network.transport('b'),
    address: 'a:0',
    frameBytesMax: FRAME_BYTES_MAX,
  };
}

const hasIpv6 = Object.values(networkInterfaces()).some((found) =>
  found?.some(({ address }) => address === '::1'),
);

describeTransport('TCP over IPv4', () => tcpPair('127.0.0.1:0'));
describeTransport('TCP over IPv6', () => tcpPair('[::1]:0'), {
  skipped: hasIpv6 ? undefined : 'this machine has no ::1',
});
describeTransport('memory', memoryPair);

/** A TCP transport that listens on loopback, and what speaks to it without frames. */
async function listening(): Promise<{
  readonly transport: Transport;
  readonly address: string;
  readonly accepted: Accepted;
  /** A raw socket, and the connection that it is at the transport. */
  readonly raw: (nth: number) => Promise<{ readonly socket: Socket; readonly connection: Connection }>;
}> {
  const transport = createTcpTransport({ frameBytesMax: FRAME_BYTES_MAX });
  onTestFinished(() => transport.close());
  const accepted = new Accepted();
  const { address } = await transport.listen('127.0.0.1:0', accepted.add);
  return {
    transport,
    address,
    accepted,
    raw: async (nth) => {
      const socket = connect(parseAddress(address));
      onTestFinished(() => void socket.destroy());
      await once(socket, 'connect');
      return { socket, connection: await accepted.nth(nth) };
    },
  };
}

describe('a poisoned frame', () => {
  const poisons: [string, number[], RegExp][] = [
    ['that claims to be huge', [0xff, 0xff, 0xff, 0xff, 1], /over the limit/],
    ['one byte over the limit', [0x00, 0x0f, 0x42, 0x41, 1], /1000001 bytes, over the limit of 1000000/],
    ['of an unknown type', [0, 0, 0, 1, 2, 0], /unknown type 2/],
    ['without a body', [0, 0, 0, 0, 1], /empty frame/],
    ['that ends too early', [0, 0, 0, 9, 1, 1, 2], /closed|broke/],
  ];

  test.each(poisons)('%s closes its connection and no other', async (_, frame, reason) => {
    const { transport, address, accepted, raw } = await listening();
    const good = await transport.dial(address);
    const atGood = new Received(await accepted.nth(1));
    const { socket, connection } = await raw(2);
    const atRaw = new Received(connection);
    socket.write(Uint8Array.from(frame));
    if (reason.test('closed')) socket.end();
    expect(await atRaw.closed).toMatch(reason);
    expect(atRaw.messages).toEqual([]);
    await good.send(Uint8Array.of(7));
    expect(contentsOfAll(await atGood.first(1))).toEqual(['07']);
  });

  test('behind good ones leaves those delivered, and ends what follows', async () => {
    const { raw } = await listening();
    const { socket, connection } = await raw(1);
    const received = new Received(connection);
    socket.write(Buffer.concat([frameHeader(1), Buffer.of(1), frameHeader(1), Buffer.of(2), frameHeader(0)]));
    expect(await received.closed).toMatch(/empty frame/);
    expect(contentsOfAll(received.messages)).toEqual(['01', '02']);
    await once(socket, 'close');
  });
});

describe('TCP', () => {
  test('accepts so many connections and no more', async () => {
    const transport = createTcpTransport({ frameBytesMax: 1000, connectionsMax: 1 });
    onTestFinished(() => transport.close());
    const accepted = new Accepted();
    const { address } = await transport.listen('127.0.0.1:0', accepted.add);
    const first = await transport.dial(address);
    const second = new Received(await transport.dial(address));
    expect(await second.closed).toEqual(expect.any(String));
    await first.send(Uint8Array.of(1));
    expect(contentsOfAll(await new Received(await accepted.nth(1)).first(1))).toEqual(['01']);
  });

  test('refuses to send an empty message, which would poison the connection', async () => {
    const { dialler, accepter } = await connected(tcpPair('127.0.0.1:0'));
    await expect(dialler.send(new Uint8Array(0))).rejects.toMatchObject({ code: 'FRAME_TOO_LARGE' });
    await dialler.send(Uint8Array.of(1));
    expect(contentsOfAll(await new Received(accepter).first(1))).toEqual(['01']);
  });

  test('counts what has arrived of a message before the rest of it has', async () => {
    const { raw } = await listening();
    const { socket, connection } = await raw(1);
    const received = new Received(connection);
    socket.write(frameHeader(100));
    socket.write(new Uint8Array(60));
    while (connection.bytesReceived < 65) await new Promise((resolve) => setImmediate(resolve));
    expect(received.messages).toEqual([]);
    socket.write(new Uint8Array(40));
    expect((await received.first(1))[0]).toHaveLength(100);
    expect(connection.bytesReceived).toBe(105);
  });

  test('says in one sentence why a peer cannot be reached', async () => {
    const transport = createTcpTransport({ frameBytesMax: 1000 });
    onTestFinished(() => transport.close());
    const listener = await transport.listen('127.0.0.1:0', () => undefined);
    await listener.close();
    await expect(transport.dial(listener.address)).rejects.toThrow(
      `The peer at ${listener.address} cannot be reached: nothing listens there.`,
    );
  });

  test('says in one sentence why an address cannot be listened on', async () => {
    const { transport, address } = await listening();
    await expect(transport.listen(address, () => undefined)).rejects.toThrow(
      `The address ${address} cannot be listened on: the port is in use by another process.`,
    );
    await expect(transport.listen('nonsense', () => undefined)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  });
});

describe('a memory network', () => {
  test('breaks what is between two machines when it is cut, and heals', async () => {
    const network = new MemoryNetwork();
    const [a, b, c] = [network.transport('a'), network.transport('b'), network.transport('c')];
    const accepted = new Accepted();
    const { address } = await a.listen('a:0', accepted.add);
    const fromB = new Received(await b.dial(address));
    const atB = new Received(await accepted.nth(1));
    const fromC = await c.dial(address);
    const atC = new Received(await accepted.nth(2));
    network.cut('b', 'a');
    expect(await fromB.closed).toBe('the connection broke');
    expect(await atB.closed).toBe('the connection broke');
    await expect(b.dial(address)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    await fromC.send(Uint8Array.of(1));
    expect(contentsOfAll(await atC.first(1))).toEqual(['01']);
    network.heal('a', 'b');
    expect((await b.dial(address)).remote).toBe(address);
  });

  test('shows every message to its observer, before it is delivered', async () => {
    const seen: string[] = [];
    const network = new MemoryNetwork({
      observe: (from, to, message) => seen.push(`${from}>${to} ${message.join('.')}`),
    });
    const accepted = new Accepted();
    const { address } = await network.transport('a').listen('a:7', accepted.add);
    const dialler = await network.transport('b').dial(address);
    const atAccepter = new Received(await accepted.nth(1));
    const sending = dialler.send(Uint8Array.of(1, 2));
    expect([seen, atAccepter.messages]).toEqual([['b>a 1.2'], []]);
    await sending;
    await (await accepted.nth(1)).send(Uint8Array.of(3));
    expect(seen).toEqual(['b>a 1.2', 'a>b 3']);
  });
});

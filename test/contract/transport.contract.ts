/** What every transport promises (`src/ports/transport.ts`). */

import { describe, expect, onTestFinished, test } from 'vitest';
import { parseAddress } from '../../src/adapters/address.ts';
import type { Connection, Listener, Transport } from '../../src/ports/transport.ts';
import { contents, contentsOfAll } from './contents.ts';

/** Both ends of a transport; `address` is what to listen on, with port 0. */
export interface TransportPair {
  readonly listening: Transport;
  readonly dialling: Transport;
  readonly address: string;
  readonly frameBytesMax: number;
}

/** What a connection delivers, as it comes. */
export class Received {
  readonly messages: Uint8Array[] = [];
  /** One for each time that the end was told. */
  readonly reasons: (string | undefined)[] = [];
  readonly closed: Promise<string | undefined>;
  /** Messages that came after the end was told. */
  afterEnd = 0;
  #wake: () => void = () => {};

  constructor(connection: Connection) {
    this.closed = new Promise((resolve) => {
      connection.start({
        onMessage: (message) => {
          if (this.reasons.length > 0) this.afterEnd++;
          this.messages.push(message);
          this.#wake();
        },
        onClose: (reason) => {
          this.reasons.push(reason);
          resolve(reason);
        },
      });
    });
  }

  async first(count: number): Promise<Uint8Array[]> {
    while (this.messages.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.messages.slice(0, count);
  }
}

/** Connections in the order in which they were accepted. */
export class Accepted {
  readonly #connections: Connection[] = [];
  #wake: () => void = () => {};

  readonly add = (connection: Connection): void => {
    this.#connections.push(connection);
    this.#wake();
  };

  async nth(count: number): Promise<Connection> {
    while (this.#connections.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#connections[count - 1] as Connection;
  }
}

interface Connected {
  readonly dialler: Connection;
  readonly accepter: Connection;
  readonly accepted: Accepted;
  readonly listener: Listener;
}

export async function connected(pair: TransportPair): Promise<Connected> {
  const accepted = new Accepted();
  onTestFinished(async () => {
    await pair.dialling.close();
    await pair.listening.close();
  });
  const listener = await pair.listening.listen(pair.address, accepted.add);
  const dialler = await pair.dialling.dial(listener.address);
  return { dialler, accepter: await accepted.nth(1), accepted, listener };
}

export interface DescribeTransportOptions {
  /** Why this transport cannot be tested on this machine. */
  readonly skipped?: string | undefined;
}

export function describeTransport(
  name: string,
  pair: () => TransportPair,
  { skipped }: DescribeTransportOptions = {},
): void {
  const title = skipped === undefined ? name : `${name} (NOT TESTED HERE: ${skipped})`;

  describe.skipIf(skipped !== undefined)(`${title}, a transport`, () => {
    test('carries messages whole and in order, in both directions', async () => {
      const { dialler, accepter } = await connected(pair());
      const [atDialler, atAccepter] = [new Received(dialler), new Received(accepter)];
      const sent = Array.from({ length: 100 }, (_, index) => new Uint8Array(1 + index * 331).fill(index));
      await Promise.all(sent.flatMap((message) => [dialler.send(message), accepter.send(message)]));
      expect(contentsOfAll(await atAccepter.first(100))).toEqual(contentsOfAll(sent));
      expect(contentsOfAll(await atDialler.first(100))).toEqual(contentsOfAll(sent));
    });

    test('keeps what comes before anybody listens for it, the end included', async () => {
      const { dialler, accepter } = await connected(pair());
      await dialler.send(Uint8Array.of(1));
      await dialler.send(Uint8Array.of(2));
      dialler.close();
      const received = new Received(accepter);
      expect(await received.closed).toEqual(expect.any(String));
      expect(contentsOfAll(received.messages)).toEqual(['01', '02']);
      expect(received.afterEnd).toBe(0);
    });

    test('gives each message to its receiver, who may change it', async () => {
      const { dialler, accepter } = await connected(pair());
      const received = new Received(accepter);
      const sent = Uint8Array.of(1, 2);
      await dialler.send(sent);
      await dialler.send(sent);
      const [first, second] = await received.first(2);
      first?.fill(9);
      expect(contentsOfAll([sent, second])).toEqual(['0102', '0102']);
    });

    test('counts bytes with five for each frame', async () => {
      const { dialler, accepter } = await connected(pair());
      const received = new Received(accepter);
      expect([dialler.bytesSent, accepter.bytesReceived]).toEqual([0, 0]);
      await dialler.send(new Uint8Array(100));
      await dialler.send(new Uint8Array(1));
      await received.first(2);
      expect([dialler.bytesSent, accepter.bytesReceived]).toEqual([111, 111]);
      expect([dialler.bytesReceived, accepter.bytesSent]).toEqual([0, 0]);
    });

    test('carries a message of the largest size, and refuses a larger one without harm', async () => {
      const both = pair();
      const { dialler, accepter } = await connected(both);
      const received = new Received(accepter);
      const largest = Uint8Array.from({ length: both.frameBytesMax }, (_, at) => at);
      await expect(dialler.send(new Uint8Array(both.frameBytesMax + 1))).rejects.toMatchObject({
        code: 'FRAME_TOO_LARGE',
      });
      await dialler.send(largest);
      const [message] = await received.first(1);
      expect(contentsOfAll([message])).toEqual([contents(largest)]);
    });

    test('tells both ends of a close once, and the one that closed it no reason', async () => {
      const { dialler, accepter } = await connected(pair());
      const [atDialler, atAccepter] = [new Received(dialler), new Received(accepter)];
      await dialler.send(Uint8Array.of(1));
      dialler.close();
      dialler.close();
      expect(await atDialler.closed).toBeUndefined();
      expect(await atAccepter.closed).toEqual(expect.any(String));
      expect(contentsOfAll(atAccepter.messages)).toEqual(['01']);
      accepter.close();
      await accepter.send(Uint8Array.of(2));
      expect(atDialler.reasons).toHaveLength(1);
      expect(atAccepter.reasons).toHaveLength(1);
    });

    test('delivers what was sent just before a close', async () => {
      const both = pair();
      const { dialler, accepter } = await connected(both);
      const received = new Received(accepter);
      // More than the system's buffers take at once.
      const long = new Uint8Array(both.frameBytesMax).fill(5);
      const sending = [...Array.from({ length: 10 }, () => long), Uint8Array.of(6)].map((message) =>
        dialler.send(message),
      );
      dialler.close();
      await Promise.all(sending);
      await received.closed;
      expect(received.messages.map(({ length }) => length)).toEqual([
        ...Array.from({ length: 10 }, () => long.length),
        1,
      ]);
      expect(received.afterEnd).toBe(0);
    });

    test('lets a send go when the other end is gone', async () => {
      const both = pair();
      const { dialler, accepter } = await connected(both);
      const atDialler = new Received(dialler);
      // More than the buffers of a system hold; nobody reads them.
      const long = new Uint8Array(both.frameBytesMax);
      const sending = Array.from({ length: 20 }, () => dialler.send(long));
      accepter.close();
      await Promise.all(sending);
      expect(await atDialler.closed).toEqual(expect.any(String));
      await dialler.send(Uint8Array.of(1));
    });

    test('closes a connection whose message cannot be handled', async () => {
      const { dialler, accepter } = await connected(pair());
      const atDialler = new Received(dialler);
      const closed = new Promise<string | undefined>((resolve) => {
        accepter.start({
          onMessage: () => {
            throw new Error('a defect');
          },
          onClose: resolve,
        });
      });
      await dialler.send(Uint8Array.of(1));
      expect(await closed).toContain('a defect');
      expect(await atDialler.closed).toEqual(expect.any(String));
    });

    test('keeps connections apart: the end of one is not felt by another', async () => {
      const both = pair();
      const { dialler, accepted, listener } = await connected(both);
      const second = await both.dialling.dial(listener.address);
      const atSecond = new Received(await accepted.nth(2));
      const atFirst = new Received(await accepted.nth(1));
      dialler.close();
      await atFirst.closed;
      await second.send(Uint8Array.of(7));
      expect(contentsOfAll(await atSecond.first(1))).toEqual(['07']);
      expect(atSecond.reasons).toEqual([]);
    });

    test('names the other end, and the port that it was given', async () => {
      const both = pair();
      const { dialler, accepter, listener } = await connected(both);
      expect(parseAddress(listener.address).port).toBeGreaterThan(0);
      expect(dialler.remote).toBe(listener.address);
      expect(parseAddress(accepter.remote).port).toBeGreaterThan(0);
      const other = await both.listening.listen(both.address, () => undefined);
      expect(other.address).not.toBe(listener.address);
    });

    test('refuses to dial where nobody listens, and to listen where somebody does', async () => {
      const both = pair();
      const { listener } = await connected(both);
      await expect(both.listening.listen(listener.address, () => undefined)).rejects.toMatchObject({
        code: 'LISTEN_FAILED',
      });
      await both.listening.close();
      await expect(both.dialling.dial(listener.address)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    });

    test('goes on with its connections when it listens no more', async () => {
      const both = pair();
      const { dialler, accepter, listener } = await connected(both);
      await listener.close();
      await listener.close();
      await expect(both.dialling.dial(listener.address)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
      await dialler.send(Uint8Array.of(1));
      expect(contentsOfAll(await new Received(accepter).first(1))).toEqual(['01']);
    });

    test('ends its connections when it is closed', async () => {
      const both = pair();
      const { dialler, accepter } = await connected(both);
      const [atDialler, atAccepter] = [new Received(dialler), new Received(accepter)];
      await both.listening.close();
      await both.listening.close();
      expect(await atDialler.closed).toEqual(expect.any(String));
      await atAccepter.closed;
      expect([atDialler.reasons.length, atAccepter.reasons.length]).toEqual([1, 1]);
    });
  });
}

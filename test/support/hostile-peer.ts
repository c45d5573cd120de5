/** A peer of a real node over TCP that says, and leaves unsaid, whatever a test wants. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { parseAddress } from '../../src/adapters/address.ts';
import { frameHeader, FrameReader } from '../../src/adapters/frame.ts';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { FRAME_BYTES_MAX } from '../../src/core/limits.ts';
import { helloOf } from '../../src/gossip/handshake.ts';
import { decodeMessage, encodeMessage } from '../../src/gossip/message-codec.ts';
import type { Hello } from '../../src/gossip/greeting-messages.ts';
import type { Message, Request } from '../../src/gossip/messages.ts';
import type { NewReply } from '../../src/gossip/pending-requests.ts';

export const CLUSTER_ID = 'test';

export function hello(changes: Partial<Hello> = {}): Hello {
  const settings = { tombstoneTtlMs: 86_400_000, maxDriftMs: 60_000 };
  const contact = { host: '', port: 0, startedMs: 0 };
  const self = { nodeId: 'hostile' as NodeId, clusterId: CLUSTER_ID, bootNonce: 666, settings, contact };
  return { ...helloOf(self), ...changes };
}

export function frameOf(message: Message | Uint8Array): Uint8Array {
  const body = message instanceof Uint8Array ? message : encodeMessage(message, packer);
  return Buffer.concat([frameHeader(body.length), body]);
}

/** What to answer to a request; `undefined`: nothing. */
export type Answers = (request: Request) => NewReply | undefined;

export class HostilePeer {
  readonly socket: Socket;
  /** All that the node said so far. */
  readonly messages: Message[] = [];
  /** Resolves when the node, or the network, has ended the connection. */
  readonly closed: Promise<void>;
  answers: Answers = () => undefined;
  #heard: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    // A reset is an end like any other.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => void socket.once('close', () => resolve()));
    const reader = new FrameReader(FRAME_BYTES_MAX);
    socket.on('data', (piece) => {
      reader.read(piece, (body) => {
        this.#receive(decodeMessage(body, packer));
        return true;
      });
    });
  }

  /** `said`: a hello by default; nothing for `false`. */
  static async connect(address: string, said: Hello | false = hello()): Promise<HostilePeer> {
    const socket = connect(parseAddress(address));
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    const peer = new HostilePeer(socket);
    if (said !== false) peer.send(said);
    return peer;
  }

  send(...messages: readonly (Message | Uint8Array)[]): void {
    for (const message of messages) this.socket.write(frameOf(message));
  }

  /** The next message of a type, from those that come and those that have come and were not taken. */
  async take<T extends Message['type']>(type: T): Promise<Extract<Message, { type: T }>> {
    for (;;) {
      const at = this.messages.findIndex((message) => message.type === type);
      if (at >= 0) return this.messages.splice(at, 1)[0] as Extract<Message, { type: T }>;
      await new Promise<void>((resolve) => (this.#heard = resolve));
    }
  }

  #receive(message: Message): void {
    this.messages.push(message);
    if ('request' in message && !message.type.endsWith('-reply')) {
      const reply = this.answers(message as Request);
      if (reply !== undefined) this.send({ ...reply, request: message.request });
    }
    this.#heard();
  }
}

/** A peer in simulated time that speaks the version, and says, whatever a test wants. */

import { packer } from '../../src/adapters/msgpack-packer.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { helloOf } from '../../src/gossip/handshake.ts';
import { decodeMessage, encodeMessage } from '../../src/gossip/message-codec.ts';
import type { Message, Request } from '../../src/gossip/messages.ts';
import type { NewReply, NewRequest } from '../../src/gossip/pending-requests.ts';
import { addressOf, type GossipCluster, MAX_DRIFT_MS, TOMBSTONE_TTL_MS } from './gossip-fixture.ts';

export class ScriptedPeer {
  readonly heard: Message[] = [];
  /** What it answers; `undefined`: nothing. */
  answer: (request: Request) => NewReply | undefined = () => undefined;
  isClosed = false;
  readonly #send: (message: Message) => void;
  #request = 0;

  private constructor(send: (message: Message) => void) {
    this.#send = send;
  }

  /** Speaks up to version `newest`, and is called `peer`. */
  static async dial(cluster: GossipCluster, host: string, newest: number): Promise<ScriptedPeer> {
    const connection = await cluster.transport('peer').dial(addressOf(host));
    const peer = new ScriptedPeer((message) => {
      void connection.send(encodeMessage(message, packer)).catch(() => undefined);
    });
    connection.start({
      onMessage: (bytes) => peer.#hear(decodeMessage(bytes, packer)),
      onClose: () => {
        peer.isClosed = true;
      },
    });
    const settings = { tombstoneTtlMs: TOMBSTONE_TTL_MS, maxDriftMs: MAX_DRIFT_MS };
    const contact = { host: '', port: 1, seenHost: '', startedMs: 0 };
    const self = { nodeId: 'peer' as NodeId, clusterId: 'test', bootNonce: 9, settings, contact };
    peer.#send({ ...helloOf(self), newestVersion: newest, oldestVersion: 1 });
    await cluster.pass(10);
    return peer;
  }

  ask(request: NewRequest): void {
    this.#send({ ...request, request: ++this.#request });
  }

  #hear(message: Message): void {
    this.heard.push(message);
    if (!('request' in message) || message.type.endsWith('-reply')) return;
    const reply = this.answer(message as Request);
    if (reply !== undefined) this.#send({ ...reply, request: message.request });
  }
}

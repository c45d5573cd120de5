/** What is told of connections that came to nothing because one side refused the other. */

import type { NodeId } from '../core/actor.ts';
import type { Refusal } from './greeter.ts';
import { twinsSentence } from './twins.ts';
import type { Warnings } from './warnings.ts';

/** A refused peer dials again within half a minute; when it does not, the cause, or the peer, is gone. */
const REJECTED_LASTS_MS = 120_000;

export class Refusals {
  readonly #self: NodeId;
  readonly #warnings: Warnings;

  constructor(self: NodeId, warnings: Warnings) {
    this.#self = self;
    this.#warnings = warnings;
  }

  /** `name`: of the peer, or of where it is; `clear` takes the same. */
  tell(name: string, address: string, { reject: { code, reason }, by, hello }: Refusal): void {
    // What it did is told already.
    if (by === 'self' && (code === 'same-node' || code === 'misbehaved')) return;
    if (code === 'shutdown') return;
    if (by === 'self' && code === 'same-name' && hello !== undefined && hello.nodeId !== this.#self) {
      const sentence = twinsSentence(hello.nodeId, false);
      return this.#warnings.raise('SAME_NAME', hello.nodeId, sentence, REJECTED_LASTS_MS);
    }
    const who = by === 'self' ? 'This node refused' : 'This node was refused by';
    const message = `${who} the peer at ${address}: ${reason.replace(/\.$/u, '')}.`;
    return this.#warnings.raise('PEER_REJECTED', name, message, REJECTED_LASTS_MS);
  }

  /** What is there is none that could be connected with. */
  tellUnfit(name: string, reason: string): void {
    this.#warnings.raise('PEER_REJECTED', name, reason, REJECTED_LASTS_MS);
  }

  clear(name: string): void {
    this.#warnings.clear('PEER_REJECTED', name);
  }
}

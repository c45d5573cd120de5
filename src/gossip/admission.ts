/**
 * One live process for each name. Of two the one that began later is refused; but a connection may be left of a process that
 * is gone, as when a machine lost its power, and must not keep its successor out: so it is asked for a sign of life.
 */

import type { NodeId } from '../core/actor.ts';
import { sameName } from './handshake.ts';
import type { Link } from './link.ts';
import type { Hello, Reject } from './greeting-messages.ts';
import { givesSignOfLife } from './sign-of-life.ts';

export class Admission {
  readonly #linksTo: (nodeId: NodeId) => readonly Link[];
  readonly #underWayByNode = new Map<NodeId, Promise<unknown>>();

  constructor(linksTo: (nodeId: NodeId) => readonly Link[]) {
    this.#linksTo = linksTo;
  }

  /** Why who said `hello` may not come in; at once, if no other process has its name. Closes links that it takes the place of. */
  judge(hello: Hello): Promise<Reject | undefined> | undefined {
    const { nodeId } = hello;
    const before = this.#underWayByNode.get(nodeId);
    if (before === undefined && this.#rivalsOf(hello).length === 0) return undefined;
    // One after another: of two that come at once the second one meets the first.
    const judgement = Promise.resolve(before).then(() => this.#judge(hello));
    this.#underWayByNode.set(nodeId, judgement);
    void judgement.then(() => {
      if (this.#underWayByNode.get(nodeId) === judgement) this.#underWayByNode.delete(nodeId);
    });
    return judgement;
  }

  async #judge(hello: Hello): Promise<Reject | undefined> {
    for (const rival of this.#rivalsOf(hello)) {
      const isAlive = await givesSignOfLife(rival);
      if (isAlive && !beganBefore(hello, rival)) return sameName(hello.nodeId);
      if (isAlive) rival.channel.notify(sameName(hello.nodeId));
      rival.channel.close('another process of the node took its place');
    }
    return undefined;
  }

  #rivalsOf({ nodeId, bootNonce }: Hello): Link[] {
    return this.#linksTo(nodeId).filter((link) => link.bootNonce !== bootNonce);
  }
}

/** Of two nodes of which one does not tell when it began, who is connected stays. */
function beganBefore({ contact }: Hello, rival: Link): boolean {
  if (contact === undefined || rival.contact === undefined) return false;
  return contact.startedMs < rival.contact.startedMs;
}

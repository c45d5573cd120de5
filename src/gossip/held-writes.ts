/**
 * Own writes that wait until enough peers hold them. Of each peer one version for each actor is kept, as Raft's leader keeps
 * a `matchIndex` (Ongaro 2014, figure 3.1): who holds a write has seen all before it of the same actor, too.
 */

import type { Actor, NodeId } from '../core/actor.ts';
import { maxVersion, type Version, VERSION_ZERO } from '../core/version.ts';
import type { Mention } from './rumour-codec.ts';

/** Peers that are counted while anything of an actor waits; a cluster has fewer, and names must not fill the memory. */
export const PEERS_MAX = 4096;

export interface HeldWait extends Mention {
  /** As many peers are waited for. */
  readonly count: number;
  /** Peers that hold it, each once. */
  heldBy: number;
  /** Called once, when enough hold it. */
  readonly onHeld: () => void;
}

interface OfActor {
  readonly versionByPeer: Map<NodeId, Version>;
  readonly waits: Set<HeldWait>;
  newest: Version;
}

export class HeldWrites {
  /** Only actors of which something waits. */
  readonly #byActor = new Map<Actor, OfActor>();

  get isAwaited(): boolean {
    return this.#byActor.size > 0;
  }

  /** `end` must follow. */
  wait({ actor, version }: Mention, count: number, onHeld: () => void): HeldWait {
    const of = this.#byActor.get(actor) ?? this.#begin(actor);
    const heldBy = [...of.versionByPeer.values()].filter((held) => held >= version).length;
    const wait = { actor, version, count, heldBy, onHeld };
    of.waits.add(wait);
    of.newest = maxVersion(of.newest, version);
    return wait;
  }

  end(wait: HeldWait): void {
    const of = this.#byActor.get(wait.actor);
    if (of?.waits.delete(wait) === true && of.waits.size === 0) this.#byActor.delete(wait.actor);
  }

  /** A peer holds all of the actor's writes up to this one. */
  heard(peer: NodeId, { actor, version }: Mention): void {
    const of = this.#byActor.get(actor);
    if (of === undefined) return;
    const before = of.versionByPeer.get(peer);
    if (before === undefined && of.versionByPeer.size >= PEERS_MAX) return;
    if (before !== undefined && version <= before) return;
    of.versionByPeer.set(peer, version);
    for (const wait of of.waits) {
      if (wait.version > version || wait.version <= (before ?? VERSION_ZERO)) continue;
      wait.heldBy++;
      if (wait.heldBy === wait.count) wait.onHeld();
    }
  }

  /** Up to where each actor's writes are awaited, as far as the peer is not known to hold them. */
  lackedBy(peer: NodeId): readonly Mention[] {
    return [...this.#byActor].flatMap(([actor, { versionByPeer, newest }]) =>
      newest > (versionByPeer.get(peer) ?? VERSION_ZERO) ? [{ actor, version: newest }] : [],
    );
  }

  #begin(actor: Actor): OfActor {
    const of: OfActor = { versionByPeer: new Map(), waits: new Set(), newest: VERSION_ZERO };
    this.#byActor.set(actor, of);
    return of;
  }
}

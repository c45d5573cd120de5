/**
 * Notices two live nodes of one name: a folder was copied, and both copies run. No harm to the data, since each process
 * writes as an actor of its own, but peers take the two for one node, and so may people.
 *
 * 1. A peer of both sees two connections of one name, made by different processes, on which both go on talking. (A node
 *    that was just restarted may leave a dead connection behind, on which nothing comes any more.)
 * 2. Either of the two sees writes under its own name that began after it did, and are not its own. (A margin of one
 *    drift: versions may run ahead of the clock by as much, and an earlier life's writes are no twin's.)
 */

import { type Actor, type NodeId, nodeIdOf } from '../core/actor.ts';
import type { Row } from '../core/context.ts';
import { type Version, versionAt } from '../core/version.ts';
import type { Clock } from '../ports/clock.ts';
import type { Replica } from '../ports/replica.ts';
import type { Link } from './link.ts';
import type { Warnings } from './warnings.ts';

const CODE = 'SAME_NAME';

/** Two connections of one name are looked at so often. */
const LOOK_MS = 10_000;

/** A warning that nothing has renewed for so long is over. */
const LINKS_LAST_MS = 30_000;
const WRITES_LAST_MS = 600_000;

export class Twins {
  readonly #replica: Pick<Replica, 'nodeId' | 'hasWrittenAs'>;
  readonly #clock: Clock;
  readonly #warnings: Warnings;
  /** Above it, what is written under the own name is written while this process runs. */
  readonly #since: Version;
  readonly #shownByActor = new Map<Actor, Version>();

  constructor(
    replica: Pick<Replica, 'nodeId' | 'hasWrittenAs'>,
    clock: Clock,
    warnings: Warnings,
    maxDriftMs: number,
  ) {
    this.#replica = replica;
    this.#clock = clock;
    this.#warnings = warnings;
    this.#since = versionAt(clock.wallMs() + maxDriftMs);
  }

  /** A node has another connection beside this one. */
  watch(a: Link, b: Link): void {
    if (a.bootNonce === b.bootNonce) return;
    const before = [a.channel.bytesReceived, b.channel.bytesReceived] as const;
    this.#clock.after(LOOK_MS, () => {
      if (!a.channel.isOpen || !b.channel.isOpen) return;
      const isTalking = a.channel.bytesReceived > before[0] && b.channel.bytesReceived > before[1];
      if (isTalking) this.#raise(a.nodeId, LINKS_LAST_MS);
      this.watch(a, b);
    });
  }

  /** Whether a row, of which a peer has seen more than this node, is that of a twin's writes. */
  isTwins({ actor, received }: Row): boolean {
    const { nodeId } = this.#replica;
    if (nodeIdOf(actor) !== nodeId || received <= this.#since || this.#replica.hasWrittenAs(actor))
      return false;
    if (received > (this.#shownByActor.get(actor) ?? 0)) {
      this.#shownByActor.set(actor, received);
      this.#raise(nodeId, WRITES_LAST_MS);
    }
    return true;
  }

  #raise(nodeId: NodeId, lastsMs: number): void {
    const who =
      nodeId === this.#replica.nodeId
        ? 'Another node runs under the name of this one'
        : 'Two nodes run under one name';
    this.#warnings.raise(
      CODE,
      nodeId,
      `${who}, ${nodeId}: a folder was copied, and both copies run. Nothing is lost by it, but stop one of them when \`store sync --wait\` is through, and start it again with another name and an empty folder.`,
      lastsMs,
    );
  }
}

/**
 * Notices that another live node has this one's name: a folder was copied, and both copies run. No harm to the data, since
 * each process writes as an actor of its own. Who meets both refuses the later one (`admission.ts`); this node sees writes
 * under its own name that began after it did, and are not its own. (A margin of one drift: versions may run ahead of the
 * clock by as much, and an earlier life's writes are no twin's.)
 */

import { type Actor, type NodeId, nodeIdOf } from '../core/actor.ts';
import type { Row } from '../core/context.ts';
import { type Version, versionAt } from '../core/version.ts';
import type { Clock } from '../ports/clock.ts';
import type { Replica } from '../ports/replica.ts';
import type { Warnings } from './warnings.ts';

const CODE = 'SAME_NAME';

/** A warning that nothing has renewed for so long is over. */
const WRITES_LAST_MS = 600_000;

export class Twins {
  readonly #replica: Pick<Replica, 'nodeId' | 'hasWrittenAs'>;
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
    this.#warnings = warnings;
    this.#since = versionAt(clock.wallMs() + maxDriftMs);
  }

  /** Whether a row, of which a peer has seen more than this node, is that of a twin's writes. */
  isTwins({ actor, received }: Row): boolean {
    const { nodeId } = this.#replica;
    if (nodeIdOf(actor) !== nodeId || received <= this.#since || this.#replica.hasWrittenAs(actor))
      return false;
    if (received > (this.#shownByActor.get(actor) ?? 0)) {
      this.#shownByActor.set(actor, received);
      this.#warnings.raise(CODE, nodeId, twinsSentence(nodeId, true), WRITES_LAST_MS);
    }
    return true;
  }
}

export function twinsSentence(nodeId: NodeId, isSelf: boolean): string {
  const who = isSelf ? 'Another node runs under the name of this one' : 'Two nodes run under one name';
  return `${who}, ${nodeId}: a folder was copied, and both copies run. The one that began later is refused: stop it, and start it again with another name and an empty folder (\`store export\` and \`store import\` bring over what only it holds).`;
}

/** The suspects, and when each of them counts as failed. */

import type { NodeId } from '../core/actor.ts';
import type { ListeningTime } from './listening-time.ts';
import { Suspicion, type SuspicionSpan } from './suspicion.ts';

interface Running {
  readonly suspicion: Suspicion;
  readonly startedMs: number;
  cancel: () => void;
}

export class Suspicions {
  readonly #time: ListeningTime;
  readonly #onEnd: (member: NodeId) => void;
  readonly #runningByMember = new Map<NodeId, Running>();

  /** `onEnd`: its time is over, and nobody has refuted. */
  constructor(time: ListeningTime, onEnd: (member: NodeId) => void) {
    this.#time = time;
    this.#onEnd = onEnd;
  }

  /** The last whose word counted; `undefined` of one that is no suspect. */
  accuserOf(member: NodeId): NodeId | undefined {
    return this.#runningByMember.get(member)?.suspicion.accuser;
  }

  /** Anew, if it was suspect before. */
  begin(member: NodeId, accuser: NodeId, span: SuspicionSpan): void {
    this.end(member);
    const running = {
      suspicion: new Suspicion(span, accuser),
      startedMs: this.#time.nowMs,
      cancel: () => {},
    };
    this.#runningByMember.set(member, running);
    this.#await(member, running);
  }

  /** Whether it was news. */
  confirm(member: NodeId, accuser: NodeId): boolean {
    const running = this.#runningByMember.get(member);
    if (running === undefined || !running.suspicion.confirm(accuser)) return false;
    this.#await(member, running);
    return true;
  }

  end(member: NodeId): void {
    this.#runningByMember.get(member)?.cancel();
    this.#runningByMember.delete(member);
  }

  #await(member: NodeId, running: Running): void {
    const { suspicion, startedMs } = running;
    running.cancel();
    const leftMs = Math.max(0, startedMs + suspicion.timeoutMs - this.#time.nowMs);
    running.cancel = this.#time.after(leftMs, () => {
      this.#runningByMember.delete(member);
      this.#onEnd(member);
    });
  }
}

/** Conditions that people should know of, each until it is gone; logged when it begins, unless too many begin at once. */

import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';

export type GossipWarningCode =
  | 'DAMAGED'
  | 'CLOCK_OFFSET'
  | 'REFUSED_FROM_FUTURE'
  | 'SETTINGS_DIFFER'
  | 'TOO_MANY_RUNS'
  | 'PEER_REJECTED'
  | 'PEER_MISBEHAVED'
  | 'ROLLED_BACK'
  | 'SAME_NAME';

export interface GossipWarning {
  readonly code: GossipWarningCode;
  readonly message: string;
  /** Name or address. */
  readonly peer: string;
}

/** Strangers can give cause for warnings, each under a new name; beyond this the oldest is forgotten. */
const WARNINGS_MAX = 256;

/** Lines of one code in a window: causes come by themselves, or with a stranger who changes its name each time. */
export const LINES_MAX = 20;
export const LINES_WINDOW_MS = 60_000;

interface Lines {
  readonly sinceMs: number;
  count: number;
}

interface Raised {
  readonly warning: GossipWarning;
  readonly untilMs: number;
  /** Not shown any more. */
  readonly isOver: boolean;
}

export class Warnings {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #byKey = new Map<string, Raised>();
  readonly #linesByCode = new Map<GossipWarningCode, Lines>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * One of each code for each peer; a later message takes the place of the earlier one, and is not logged. `lastsMs`:
   * gone after so long, unless it is raised again: for causes whose end nobody would tell. What is cleared before, and comes
   * back in the same words, is not logged again: a peer may take a connection for a moment each time before it refuses it.
   */
  raise(
    code: GossipWarningCode,
    peer: string,
    message: string,
    lastsMs: number = Number.POSITIVE_INFINITY,
  ): void {
    this.#forgetOld();
    const key = keyOf(code, peer);
    const before = this.#byKey.get(key);
    const isTold = before !== undefined && (!before.isOver || before.warning.message === message);
    if (!isTold) this.#tell(code, peer, message);
    this.#byKey.set(key, {
      warning: { code, peer, message },
      untilMs: this.#clock.monotonicMs() + lastsMs,
      isOver: false,
    });
    const [oldest] = this.#byKey.keys();
    if (this.#byKey.size > WARNINGS_MAX && oldest !== undefined) this.#byKey.delete(oldest);
  }

  clear(code: GossipWarningCode, peer: string): void {
    const key = keyOf(code, peer);
    const raised = this.#byKey.get(key);
    if (raised?.untilMs === Number.POSITIVE_INFINITY) this.#byKey.delete(key);
    else if (raised !== undefined) this.#byKey.set(key, { ...raised, isOver: true });
  }

  all(): GossipWarning[] {
    this.#forgetOld();
    return [...this.#byKey.values()].filter(({ isOver }) => !isOver).map(({ warning }) => warning);
  }

  #tell(code: GossipWarningCode, peer: string, message: string): void {
    const nowMs = this.#clock.monotonicMs();
    let lines = this.#linesByCode.get(code);
    if (lines === undefined || nowMs - lines.sinceMs >= LINES_WINDOW_MS) {
      const left = (lines?.count ?? 0) - LINES_MAX;
      if (left > 0) this.#log.warn({ code, left }, `${left} more such warnings came, and were not logged.`);
      lines = { sinceMs: nowMs, count: 0 };
      this.#linesByCode.set(code, lines);
    }
    lines.count++;
    if (lines.count <= LINES_MAX) this.#log.warn({ code, peer }, message);
    else if (lines.count === LINES_MAX + 1)
      this.#log.warn(
        { code },
        'Such warnings come too fast: for the rest of a minute they are only counted.',
      );
  }

  #forgetOld(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [key, { untilMs }] of this.#byKey) if (untilMs <= nowMs) this.#byKey.delete(key);
  }
}

function keyOf(code: GossipWarningCode, peer: string): string {
  return `${code} ${peer}`;
}

/**
 * Which events were heard, so that each is told once: of each run of a node the highest number, and which of the last
 * numbers up to it, as IPsec knows what it has received (RFC 4303, section 3.4.3).
 */

import type { NodeId } from '../core/actor.ts';
import type { UserEvent } from './event-codec.ts';

/** An event that comes after as many later ones of its run is taken for heard: 16 s of one node at its limit. */
export const WINDOW = 2048;

/** Runs of nodes; one more is refused unless another has been silent for long. 2 KiB each. */
export const RUNS_MAX = 1024;

/** Nothing is told for so long: a run that was silent since may be forgotten. */
export const SILENT_MS = 600_000;

interface Heard {
  highest: number;
  /** By the number modulo the window: whether it was heard. */
  readonly recent: Uint8Array;
  heardAtMs: number;
}

export class HeardEvents {
  /** The one that was silent for longest first. */
  readonly #heardByRun = new Map<string, Heard>();

  /** Whether the event was not heard before, and counts as heard from now on. `nowMs`: monotonic. */
  add({ origin, run, sequence }: Pick<UserEvent, 'origin' | 'run' | 'sequence'>, nowMs: number): boolean {
    const heard = this.#heardOf(origin, run, nowMs);
    if (heard === undefined || sequence <= heard.highest - WINDOW) return false;
    if (sequence > heard.highest) {
      const from = Math.max(heard.highest + 1, sequence - WINDOW + 1);
      for (let between = from; between < sequence; between++) heard.recent[between % WINDOW] = 0;
      heard.highest = sequence;
    } else if (heard.recent[sequence % WINDOW] === 1) return false;
    heard.recent[sequence % WINDOW] = 1;
    return true;
  }

  /** `undefined`: there are too many. */
  #heardOf(origin: NodeId, run: number, nowMs: number): Heard | undefined {
    const name = `${origin} ${run}`;
    const known = this.#heardByRun.get(name);
    if (known === undefined && !this.#hasRoom(nowMs)) return undefined;
    const heard = known ?? { highest: 0, recent: new Uint8Array(WINDOW), heardAtMs: nowMs };
    heard.heardAtMs = nowMs;
    this.#heardByRun.delete(name);
    this.#heardByRun.set(name, heard);
    return heard;
  }

  #hasRoom(nowMs: number): boolean {
    if (this.#heardByRun.size < RUNS_MAX) return true;
    const [oldest] = this.#heardByRun;
    if (oldest === undefined || nowMs - oldest[1].heardAtMs < SILENT_MS) return false;
    return this.#heardByRun.delete(oldest[0]);
  }
}

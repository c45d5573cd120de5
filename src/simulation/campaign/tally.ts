/** What a campaign has come to so far. */

import type { Failure } from '../failure.ts';
import type { RunName } from '../replay.ts';
import type { RunResult } from '../run.ts';

/** After so many runs each fault that a run could have been given must have been done at least once. */
export const RUNS_FOR_EVERY_FAULT = 30;

export interface Broken {
  readonly name: RunName;
  readonly failure: Failure;
}

export class Tally {
  runs = 0;
  virtualMs = 0;
  events = 0;
  messages = 0;
  /** Of the processes. */
  workedMs = 0;
  readonly fired: Record<string, number> = {};
  readonly broken: Broken[] = [];
  slowestAgreementMs = 0;
  /** Of the runs with membership. */
  slowestFindingMs = 0;

  add(name: RunName, result: RunResult, tookMs: number): void {
    const { failure, traffic, agreedAfterMs = 0, foundAfterMs = 0 } = result;
    this.runs++;
    this.virtualMs += result.virtualMs;
    this.events += result.events;
    this.messages += traffic.sent;
    this.workedMs += tookMs;
    this.slowestAgreementMs = Math.max(this.slowestAgreementMs, agreedAfterMs);
    this.slowestFindingMs = Math.max(this.slowestFindingMs, foundAfterMs);
    for (const [kind, times] of Object.entries(result.fired))
      this.fired[kind] = (this.fired[kind] ?? 0) + times;
    if (failure !== undefined) this.broken.push({ name, failure });
  }

  figures(): object {
    const { runs, virtualMs, events, messages, workedMs, fired, broken } = this;
    const { slowestAgreementMs, slowestFindingMs } = this;
    const neverFired = this.neverFired();
    return {
      runs,
      virtualMs,
      events,
      messages,
      workedMs,
      slowestAgreementMs,
      slowestFindingMs,
      fired,
      neverFired,
      broken,
    };
  }

  /** The process of a run ended instead. */
  addLost(name: RunName, failure: Failure, tookMs: number): void {
    this.runs++;
    this.workedMs += tookMs;
    this.broken.push({ name, failure });
  }

  /** Faults that were never done, though there was time. */
  neverFired(): readonly string[] {
    if (this.runs < RUNS_FOR_EVERY_FAULT) return [];
    return Object.keys(this.fired)
      .filter((kind) => this.fired[kind] === 0)
      .toSorted();
  }
}

/** Conditions that people should know of, each until it is gone; logged when it begins. */

import type { Log } from '../ports/log.ts';

export type GossipWarningCode =
  | 'LATE'
  | 'DAMAGED'
  | 'CLOCK_OFFSET'
  | 'REFUSED_FROM_FUTURE'
  | 'SETTINGS_DIFFER'
  | 'PEER_REJECTED';

export interface GossipWarning {
  readonly code: GossipWarningCode;
  readonly message: string;
  /** Name or address. */
  readonly peer: string;
}

/** Strangers can give cause for warnings, each under a new name; beyond this the oldest is forgotten. */
const WARNINGS_MAX = 256;

export class Warnings {
  readonly #log: Log;
  readonly #byKey = new Map<string, GossipWarning>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** One of each code for each peer; a later message takes the place of the earlier one, and is not logged. */
  raise(code: GossipWarningCode, peer: string, message: string): void {
    const key = `${code} ${peer}`;
    if (!this.#byKey.has(key)) this.#log.warn({ code, peer }, message);
    this.#byKey.set(key, { code, peer, message });
    const [oldest] = this.#byKey.keys();
    if (this.#byKey.size > WARNINGS_MAX && oldest !== undefined) this.#byKey.delete(oldest);
  }

  clear(code: GossipWarningCode, peer: string): void {
    this.#byKey.delete(`${code} ${peer}`);
  }

  all(): GossipWarning[] {
    return [...this.#byKey.values()];
  }
}

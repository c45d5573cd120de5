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

export class Warnings {
  readonly #log: Log;
  readonly #byKey = new Map<string, GossipWarning>();

  constructor(log: Log) {
    this.#log = log;
  }

  raise(code: GossipWarningCode, peer: string, message: string): void {
    const key = `${code} ${peer}`;
    if (!this.#byKey.has(key)) this.#log.warn({ code, peer }, message);
    this.#byKey.set(key, { code, peer, message });
  }

  clear(code: GossipWarningCode, peer: string): void {
    this.#byKey.delete(`${code} ${peer}`);
  }

  all(): GossipWarning[] {
    return [...this.#byKey.values()];
  }
}

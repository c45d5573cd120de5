/** What a node does by itself: it checks its entries, gives up its context on damage, collects, and audits. */

import { BoatoError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { StoredReplica } from '../storage/stored-replica.ts';
import type { CollectResult } from './api.ts';

/** Between two collections: a tenth of the TTL, within these bounds. */
const COLLECT_INTERVAL_MS_MIN = 1000;
const COLLECT_INTERVAL_MS_MAX = 600_000;

/** How soon damage that was met is seen to. */
const DAMAGE_LOOK_MS = 1000;

export interface UpkeepDependencies {
  readonly replica: StoredReplica;
  readonly clock: Clock;
  readonly log: Log;
  readonly collect: () => Promise<CollectResult>;
  readonly audit: () => Promise<void>;
  readonly tombstoneTtlMs: number;
  readonly auditIntervalMs: number;
  readonly scrubIntervalMs: number;
}

export class Upkeep {
  readonly #dependencies: UpkeepDependencies;
  readonly #cancels = new Set<() => void>();
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  constructor(dependencies: UpkeepDependencies) {
    this.#dependencies = dependencies;
  }

  /** The first check runs at once: after a clean stop the node serves meanwhile. */
  start(): void {
    const { replica, tombstoneTtlMs, auditIntervalMs, scrubIntervalMs, audit } = this.#dependencies;
    const tenth = tombstoneTtlMs / 10;
    const collectMs = Math.min(Math.max(tenth, COLLECT_INTERVAL_MS_MIN), COLLECT_INTERVAL_MS_MAX);
    const check = (): Promise<unknown> => replica.check(() => this.#stopped);
    void this.#run('check', check);
    this.#every(collectMs, 'collection', () => this.#collect());
    this.#every(scrubIntervalMs, 'check', check);
    this.#every(auditIntervalMs, 'audit', audit);
    this.#every(DAMAGE_LOOK_MS, 'repair', async () => {
      if (replica.state.damaged) await check();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const cancel of this.#cancels) cancel();
    await Promise.all(this.#running);
  }

  #every(intervalMs: number, what: string, work: () => Promise<unknown>): void {
    if (this.#stopped) return;
    const cancel = this.#dependencies.clock.after(intervalMs, () => {
      this.#cancels.delete(cancel);
      void this.#run(what, work).then(() => this.#every(intervalMs, what, work));
    });
    this.#cancels.add(cancel);
  }

  /** Never fails. */
  #run(what: string, work: () => Promise<unknown>): Promise<void> {
    const running = work().then(
      () => void this.#running.delete(running),
      (error: unknown) => {
        this.#running.delete(running);
        this.#failed(what, error);
      },
    );
    this.#running.add(running);
    return running;
  }

  async #collect(): Promise<void> {
    const { collect, log } = this.#dependencies;
    const { collected } = await collect();
    if (collected > 0) log.info({ collected }, 'Collected tombstones and expired entries.');
  }

  #failed(what: string, error: unknown): void {
    if (error instanceof BoatoError && ['STORE_CLOSED', 'STORE_FENCED'].includes(error.code)) return;
    this.#dependencies.log.warn({ what, error: String(error) }, 'Work in the background failed.');
  }
}

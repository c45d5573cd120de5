/** What a node does by itself: it checks its entries, gives up its context on damage, collects, and audits. */

import { BoatoError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { StoredReplica } from '../storage/stored-replica.ts';
import type { CollectResult } from './api.ts';

/** Between two collections: a tenth of the TTL, within these bounds. */
const COLLECT_INTERVAL_MS_MIN = 1000;
const COLLECT_INTERVAL_MS_MAX = 600_000;

/** How soon damage that was met, or a check that could not be ended, is seen to. */
const DAMAGE_LOOK_MS = 1000;

/** What fails comes again after twice as long each time, up to this or its own interval: a dying disk is not read all day. */
const RETRY_MS_MAX = 60_000;

export interface UpkeepDependencies {
  readonly replica: Pick<StoredReplica, 'check' | 'checking' | 'state'>;
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
  readonly #running = new Set<Promise<unknown>>();
  #isChecking = false;
  #stopped = false;

  constructor(dependencies: UpkeepDependencies) {
    this.#dependencies = dependencies;
  }

  /** The first check runs at once: after a clean stop the node serves meanwhile. */
  start(): void {
    const { replica, tombstoneTtlMs, auditIntervalMs, scrubIntervalMs, audit } = this.#dependencies;
    const tenth = tombstoneTtlMs / 10;
    const collectMs = Math.min(Math.max(tenth, COLLECT_INTERVAL_MS_MIN), COLLECT_INTERVAL_MS_MAX);
    void this.#run('check', () => this.#check());
    this.#every(collectMs, 'collection', () => this.#collect());
    this.#every(scrubIntervalMs, 'check', () => this.#check());
    this.#every(auditIntervalMs, 'audit', audit);
    this.#every(DAMAGE_LOOK_MS, 'repair', async () => {
      // A node that could not end its check after an unclean stop would serve nobody until the next one.
      if (replica.state.damaged || replica.checking !== undefined) await this.#check();
    });
  }

  /** Begins nothing more, calls off a check, and waits for what runs. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const cancel of this.#cancels) cancel();
    await Promise.all(this.#running);
  }

  #every(intervalMs: number, what: string, work: () => Promise<unknown>, failures: number = 0): void {
    if (this.#stopped) return;
    const delayMs = Math.min(intervalMs * 2 ** failures, Math.max(intervalMs, RETRY_MS_MAX));
    const cancel = this.#dependencies.clock.after(delayMs, () => {
      this.#cancels.delete(cancel);
      void this.#run(what, work).then((isDone) =>
        this.#every(intervalMs, what, work, isDone ? 0 : failures + 1),
      );
    });
    this.#cancels.add(cancel);
  }

  /** Whether `work` was done. Never fails. */
  #run(what: string, work: () => Promise<unknown>): Promise<boolean> {
    const running = work()
      .then(
        () => true,
        (error: unknown) => this.#failed(what, error),
      )
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  /** One at a time: two that find the same damage would give up the context twice. */
  async #check(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    try {
      await this.#dependencies.replica.check(() => this.#stopped);
    } finally {
      this.#isChecking = false;
    }
  }

  async #collect(): Promise<void> {
    const { collect, log } = this.#dependencies;
    const { collected } = await collect();
    if (collected > 0) log.info({ collected }, 'Collected tombstones and expired entries.');
  }

  #failed(what: string, error: unknown): false {
    if (!(error instanceof BoatoError && ['STORE_CLOSED', 'STORE_FENCED'].includes(error.code)))
      this.#dependencies.log.warn({ what, error: String(error) }, 'Work in the background failed.');
    return false;
  }
}

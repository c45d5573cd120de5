/** The room on the disk that the next reopening of a store may need, set aside in the background, before a write fails. */

import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { StoreHome } from './store-home.ts';

/** A store that is open for less (a command, say) is not worth the writing of the room. */
const DELAY_MS = 1000;
const RETRY_MS = 600_000;

export interface RoomAsideDependencies {
  readonly home: Pick<StoreHome, 'setRoomAside' | 'checkRoom'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Begins it when nothing else runs. */
  readonly run: (work: () => Promise<void>) => void;
  /** Writes have failed: the room is seen to when the store has been opened again. */
  readonly isOut: () => boolean;
}

export class RoomAside {
  readonly #dependencies: RoomAsideDependencies;
  /** It was set aside, or has been: it may be given back by now. Not every disk is large enough. */
  #isThere = false;
  #isStopped = false;
  #cancel: () => void = () => {};

  constructor(dependencies: RoomAsideDependencies) {
    this.#dependencies = dependencies;
  }

  /** Sees to it soon, unless it is there. */
  keep(): void {
    if (!this.#isThere) this.#keepAfter(DELAY_MS);
  }

  /** Before writes are taken again. Fails if there is too little. */
  check(): Promise<void> {
    return this.#isThere ? this.#setAside() : this.#dependencies.home.checkRoom();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #keepAfter(delayMs: number): void {
    if (this.#isStopped) return;
    const { clock, run } = this.#dependencies;
    this.#cancel();
    this.#cancel = clock.after(delayMs, () => run(() => this.#trySettingAside()));
  }

  async #trySettingAside(): Promise<void> {
    const { log, isOut } = this.#dependencies;
    if (isOut() || this.#isStopped) return;
    try {
      await this.#setAside();
    } catch (error) {
      log.warn({ error: String(error) }, 'No room could be set aside for opening the store on a full disk.');
      this.#keepAfter(RETRY_MS);
    }
  }

  async #setAside(): Promise<void> {
    await this.#dependencies.home.setRoomAside(() => this.#isStopped);
    this.#isThere = true;
  }
}

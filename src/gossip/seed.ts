/**
 * An address that this node was told to dial, for ever. A name is looked up again and again: behind it may be several
 * nodes, and others tomorrow (as behind a headless service of Kubernetes).
 */

import type { Resolver } from '../ports/resolver.ts';
import { BackOff } from './back-off.ts';
import { Dialer, type DialerDependencies } from './dialer.ts';
import { PeerRecord } from './peer-record.ts';
import { isLookedUp, type Place, placesOf } from './places.ts';

/** Between two look-ups that succeed: as long as name servers of clusters let answers be kept. */
const LOOK_UP_MS = 30_000;

export interface SeedDependencies extends DialerDependencies {
  /** Absent: names are dialled as they are. */
  readonly resolver?: Resolver | undefined;
  /** Absent: always. */
  readonly isWanted?: (() => boolean) | undefined;
}

export class Seed {
  readonly #address: string;
  readonly #dependencies: SeedDependencies;
  readonly #dialerByAddress = new Map<string, Dialer>();
  readonly #backOff: BackOff;
  /** Shown while nothing is known to dial. */
  readonly #unresolved: PeerRecord;
  #lookingUp: Promise<void> | undefined;
  #cancelTimer: () => void = () => {};
  #stopped = false;

  /** `address`: `host:port`, IPv6 in brackets, or a name without a port. */
  constructor(address: string, dependencies: SeedDependencies) {
    this.#address = address;
    this.#dependencies = dependencies;
    this.#backOff = new BackOff(dependencies.random, LOOK_UP_MS);
    this.#unresolved = new PeerRecord(address, 'outbound');
    if (!this.#isLookedUp) this.#dialerByAddress.set(address, this.#dialerOf({ address }, this.#unresolved));
  }

  /** Of the places behind it, as they were looked up last. */
  dialers(): readonly Dialer[] {
    return [...this.#dialerByAddress.values()];
  }

  records(): PeerRecord[] {
    const records = [...this.#dialerByAddress.values()].map(({ target }) => target.record);
    return records.length === 0 ? [this.#unresolved] : records;
  }

  /** Looks the name up, and dials all behind it that are not connected. Resolves when that is through. Never fails. */
  async dial(): Promise<void> {
    if (this.#isLookedUp) await this.#lookUp();
    await Promise.all([...this.#dialerByAddress.values()].map((dialer) => dialer.dial()));
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
    for (const dialer of this.#dialerByAddress.values()) dialer.stop();
  }

  /**
   * Resolves when no attempt to dial is under way. A look-up is not waited for: nothing comes of it after `stop`, and name
   * servers that do not answer are given up after a minute only.
   */
  async idle(): Promise<void> {
    await Promise.all([...this.#dialerByAddress.values()].map((dialer) => dialer.idle()));
  }

  get #isLookedUp(): boolean {
    return this.#dependencies.resolver !== undefined && isLookedUp(this.#address);
  }

  #lookUp(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#cancelTimer();
    this.#lookingUp ??= this.#places()
      .then((places) => {
        this.#backOff.reset();
        this.#found(places);
        return LOOK_UP_MS;
      })
      .catch((error: unknown) => {
        this.#unresolved.lastError = error instanceof Error ? error.message : String(error);
        return this.#backOff.nextMs();
      })
      .then((pauseMs) => {
        this.#lookingUp = undefined;
        if (!this.#stopped)
          this.#cancelTimer = this.#dependencies.clock.after(pauseMs, () => void this.dial());
      });
    return this.#lookingUp;
  }

  /** What is dialled from now on. Who is connected, or may be in a moment, stays so: its link must have its record here. */
  #found(places: readonly Place[]): void {
    const addresses = new Set(places.map(({ address }) => address));
    for (const [address, dialer] of this.#dialerByAddress) {
      const { links, isDialling } = dialer.target.record;
      if (addresses.has(address) || links.length > 0 || isDialling) continue;
      dialer.stop();
      this.#dialerByAddress.delete(address);
    }
    for (const place of places) {
      if (this.#dialerByAddress.has(place.address) || this.#stopped) continue;
      const dialer = this.#dialerOf(place, new PeerRecord(place.address, 'outbound'));
      this.#dialerByAddress.set(place.address, dialer);
    }
  }

  async #places(): Promise<readonly Place[]> {
    const { resolver } = this.#dependencies;
    return resolver === undefined ? [] : placesOf(this.#address, resolver);
  }

  #dialerOf(place: Place, record: PeerRecord): Dialer {
    const { isWanted } = this.#dependencies;
    return new Dialer(
      { ...place, record, ...(isWanted === undefined ? {} : { isWanted }) },
      this.#dependencies,
    );
  }
}

/**
 * Whether every promise is kept: looks at the disks after events, and at everything at the end. Throws `BrokenPromise`.
 *
 * What a node says is not believed: its disk is read past it, and compared with what its users asked for and were told
 * (the ledger), and with what was on it before.
 */

import { compareDots, type Dot, isLive } from '../../core/entry.ts';
import { Fingerprints } from '../../core/fingerprint.ts';
import type { Hash64 } from '../../ports/hash64.ts';
import type { StoredRecord } from '../../ports/ordered-store.ts';
import type { Random } from '../../ports/random.ts';
import type { Machine } from '../machine.ts';
import { isChosen } from '../streams.ts';
import type { WatchClient } from '../workload/watch-client.ts';
import type { World } from '../world.ts';
import { AckCheck } from './ack-check.ts';
import { AgreementCheck } from './agreement-check.ts';
import { BrokenPromise, type Place } from './broken-promise.ts';
import { checkGrown, checkSums } from './context-check.ts';
import { DiskReader, type DiskState, hasSeen, keysListed } from './disk-state.ts';
import type { Fates } from './document-check.ts';
import { Fate } from './fate.ts';
import { FaultsTold } from './faults-told.ts';
import { KnownEntries, type KnownEntry } from './known-entries.ts';
import type { Ledger, Written } from './ledger.ts';
import { LogCheck } from './log-check.ts';
import { LookedAt } from './looked-at.ts';
import { checkEqual, checkKept } from './outcome.ts';
import { PresenceCheck } from './presence-check.ts';
import { Retirements } from './retirements.ts';
import { noteLost } from './seen-elsewhere.ts';
import { holdsWhatIsShown } from './watch-check.ts';
import { NOTHING_SEEN, type WriterSeen } from './writer-seen.ts';

/** A disk with more entries is not looked at after every event, but so often that as much is read in all. */
const ENTRIES_SMALL = 250;

interface Look {
  readonly looked: LookedAt;
  readonly state: DiskState;
  readonly wallMs: number;
  /** What was seen may be less than before. */
  readonly mayFall: boolean;
}

export class Checker {
  readonly losses: FaultsTold;
  readonly retirements: Retirements;
  readonly acks: AckCheck;
  /** Called with a disk of which nothing is wrong. */
  onLooked: (machine: Machine, state: DiskState) => void = () => {};
  readonly #world: World;
  readonly #known: KnownEntries;
  readonly #fate: Fate;
  readonly #fingerprints: Fingerprints;
  readonly #reader: DiskReader;
  readonly #presence: PresenceCheck;
  readonly #agreement: AgreementCheck;
  readonly #random: Random;
  readonly #lookedAt = new Map<Machine, LookedAt>();
  readonly #damagedEntries = new Set<KnownEntry>();
  /** Acknowledged since its machine was last looked at. */
  #unconfirmed: Written[] = [];
  /** A breach that was met where it could not be thrown. */
  #met: unknown;

  constructor(world: World, ledger: Ledger, hash64: Hash64) {
    this.#world = world;
    const { tombstoneTtlMs, maxDriftMs } = world.options;
    this.#known = new KnownEntries(ledger, maxDriftMs);
    this.#fate = new Fate(ledger, this.#known, tombstoneTtlMs);
    this.#fingerprints = new Fingerprints(hash64);
    this.#reader = new DiskReader(this.#fingerprints);
    this.#presence = new PresenceCheck(this.#known, this.#fate, this.#damagedEntries);
    this.#agreement = new AgreementCheck(this.#known, this.#fate, this.#fingerprints, this.#damagedEntries);
    this.#random = world.random('checker');
    this.acks = new AckCheck({
      world,
      reader: this.#reader,
      mayFall: (machine) => this.losses.isUncertain(machine),
      meet: (error) => this.meet(error),
    });
    this.retirements = new Retirements({
      known: this.#known,
      stateOf: (machine) => this.stateOf(machine),
      damaged: this.#damagedEntries,
    });
    this.losses = new FaultsTold({
      maxDriftMs,
      look: (machine) => this.#look(machine),
      onDiskLost: (machine) => this.#lost(machine),
      onDamage: (record) => this.#noteUnlisted(record),
      onClockRepair: () => {
        this.#known.areRewritten = true;
      },
    });
    ledger.onAcknowledged = (written) => this.#orMet(() => this.#acknowledged(written));
    const log = new LogCheck(this.losses, world.time);
    world.onLog = (machine, level, message, fields) =>
      this.#orMet(() => log.check(machine, level, message, fields));
  }

  /** What was met where it could not be thrown: it ends the run after the event under way. */
  meet(error: unknown): void {
    this.#met ??= error;
  }

  /** The disk of a machine as it was last looked at, as far as anything can be said of it. */
  stateOf(machine: Machine | undefined): DiskState | undefined {
    if (machine === undefined || this.losses.isDamaged(machine)) return undefined;
    return this.#lookedAt.get(machine)?.state;
  }

  /** What the writer of `key` on `machine` has seen, as far as its disk tells. */
  seenBy(machine: Machine, key: string): WriterSeen {
    const state = this.#lookedAt.get(machine)?.state;
    if (state === undefined) return NOTHING_SEEN;
    const isHealing = state.node?.healing === true || this.losses.isForgetting(machine);
    const { rowByActor, retiredAt } = state;
    return { rowByActor, retiredAt, present: state.entryByKey.get(key), isHealing };
  }

  /** Between two events: the disks that changed. */
  async afterEvent(): Promise<void> {
    this.#throwMet();
    for (const machine of [...this.#world.machines, ...this.#world.clones]) {
      const before = this.#lookedAt.get(machine);
      if (before?.writes === machine.disk.writes && before.life === machine.life) continue;
      if (machine.disk.holdsFailedWrite) continue;
      const size = before?.state?.entryByKey.size ?? 0;
      const isOften = size <= ENTRIES_SMALL || this.retirements.isAskedOf(machine);
      if (!isOften && !isChosen(this.#random, ENTRIES_SMALL / size)) continue;
      await this.#look(machine);
    }
  }

  /** A read that had to show the write of `dot` showed less. */
  checkMissed(machine: Machine, key: string, dot: Dot): void {
    const known = this.#known.get(dot);
    if (known === undefined || known.isLost || this.#fate.mayBeEnded(key, dot)) return;
    const place = { machine: machine.name, key, dot, atMs: this.#world.time.nowMs };
    this.meet(new BrokenPromise('P1', 'a read after a write does not show it, nor what overrode it', place));
  }

  /**
   * Whether what this write, of a key that one process alone writes, held is kept, in it or in a later one. Damage to what the
   * process reads itself, before it writes more, leaves that open.
   */
  isKept(dot: Dot): boolean {
    const key = this.#known.get(dot)?.key;
    if (key === undefined || this.#known.areRewritten) return false;
    const entries = this.#known.ofKey(key);
    return (
      !entries.some((entry) => this.#damagedEntries.has(entry)) &&
      entries.some(
        (entry) =>
          compareDots(entry, dot) >= 0 &&
          entry.written?.outcome === 'acknowledged' &&
          !entry.isLost &&
          !entry.isForsaken,
      )
    );
  }

  /** What may have become of what was written; `undefined`: nothing can be said, since a repair of a clock has written it again. */
  get fates(): Fates | undefined {
    if (this.#known.areRewritten) return undefined;
    return {
      known: () => this.#known.all(),
      isUncertain: (entry) => entry.isForsaken || this.#damagedEntries.has(entry),
      hasFallen: (machine, sinceMs) =>
        this.losses.isUncertain(machine) || this.acks.hasFallen(machine, sinceMs),
    };
  }

  /** Whether a client that watches holds what its node shows. */
  isUpToDate({ machine, prefix, heldByKey }: WatchClient): boolean {
    // What a damaged disk is read as is not what its node shows.
    if (machine === undefined || this.losses.isDamaged(machine)) return true;
    const entries = this.#lookedAt.get(machine)?.raw?.entryByKey.values() ?? [];
    const live = [...entries].filter(
      (entry) => entry.key.startsWith(prefix) && isLive(entry, machine.clock.wallMs()),
    );
    return holdsWhatIsShown({ heldByKey, live }, this.#known, this.#fate);
  }

  /** After everything was healed, and all agree. */
  async atEnd(): Promise<void> {
    this.#throwMet();
    const stateByMachine = new Map<string, DiskState>();
    for (const machine of this.#world.machines) {
      await this.#look(machine);
      const state = this.#lookedAt.get(machine)?.state;
      // Damage that was not met yet is found by the next check of all entries, which may be minutes away.
      if (state !== undefined && !this.losses.isDamaged(machine)) stateByMachine.set(machine.name, state);
    }
    const outcome = { stateByMachine, known: this.#known, fate: this.#fate, atMs: this.#world.time.nowMs };
    checkEqual(outcome);
    checkKept(outcome);
  }

  async #look(machine: Machine): Promise<void> {
    const { time } = this.#world;
    const { writes } = machine.disk;
    const records = await machine.disk.recordsThat(() => true);
    const wallMs = machine.clock.wallMs();
    this.#fate.wallMsMax = Math.max(this.#fate.wallMsMax, wallMs);
    const state = this.#reader.read(records);
    const place = { machine: machine.name, atMs: time.nowMs };
    const looked = this.#lookedAtOf(machine);
    const { node } = state;
    const hasDropped = looked.hasDroppedSince(node);
    looked.writes = writes;
    looked.life = machine.life;
    // Damage may be met, and mended, before it was looked at.
    if (this.losses.isDamaged(machine)) this.#noteDamaged(looked.raw, state);
    looked.raw = state;
    // What was met is about to be seen to.
    if (node?.damaged === true || (node === undefined && looked.state?.node !== undefined)) return;
    const mayFall = this.losses.mayFall(machine, hasDropped);
    if (this.losses.isDamaged(machine)) return;
    this.#check(machine, { looked, state, wallMs, mayFall }, place);
    looked.state = state;
    this.onLooked(machine, state);
  }

  #check(machine: Machine, { looked, state, wallMs, mayFall }: Look, place: Place): void {
    const before = looked.state;
    if (state.damaged > 0) throw new BrokenPromise('I4', 'a record cannot be read', place);
    for (const entry of state.entryByKey.values())
      if (before?.entryByKey.get(entry.key) !== entry) this.#known.found(entry, machine.name, place.atMs);
    if (mayFall) {
      this.retirements.lost(machine);
      this.acks.fell(machine);
      looked.beginAnew();
      const unconfirmed = this.#takeUnconfirmed(machine);
      noteLost(this.#known, before, state, this.#othersOf(machine), unconfirmed);
    } else if (before !== undefined) checkGrown(before, state, place);
    const others = this.#othersOf(machine);
    this.retirements.check(machine, { before: looked.state, state, others }, place);
    checkSums(state, this.#fingerprints, place);
    looked.checkCollected(state, wallMs, place);
    if (state.node !== undefined) looked.noteCopy(state.node);
    this.#presence.check(state, wallMs, place, looked.isTorn);
    this.#agreement.check(state, others, place);
    this.#confirm(machine, { state, others }, place);
  }

  /** P1: what was acknowledged here was seen here, unless it went while its answer waited for other nodes. */
  #confirm(
    machine: Machine,
    { state, others }: { readonly state: DiskState; readonly others: readonly DiskState[] },
    place: Place,
  ): void {
    for (const entry of this.#takeUnconfirmed(machine)) {
      const { key, written } = entry;
      if (hasSeen(state, entry, key)) continue;
      if (written !== undefined && this.acks.hasFallen(machine, written.askedAtMs))
        noteLost(this.#known, undefined, state, others, [entry]);
      else
        throw new BrokenPromise('P1', 'an acknowledged write is not on the disk of its node', {
          ...place,
          key,
          dot: entry,
        });
    }
  }

  #takeUnconfirmed(machine: Machine): KnownEntry[] {
    const isHere = (written: Written): boolean => written.machine === machine.name;
    const here = this.#unconfirmed.filter(isHere);
    this.#unconfirmed = this.#unconfirmed.filter((written) => !isHere(written));
    return here.flatMap(({ dot }) => (dot && this.#known.get(dot)) ?? []);
  }

  #acknowledged(written: Written): void {
    this.#known.acknowledged(written, this.#world.time.nowMs);
    this.#unconfirmed.push(written);
  }

  #noteDamaged(before: DiskState | undefined, now: DiskState): void {
    for (const entry of before?.entryByKey.values() ?? []) {
      const known = this.#known.get(entry);
      if (known !== undefined && !now.entryByKey.has(entry.key)) this.#damagedEntries.add(known);
    }
  }

  /** What the dot index does not list is not served; whoever pulls takes it for replaced, until somebody compares. */
  #noteUnlisted(record: StoredRecord): void {
    for (const key of keysListed(record))
      for (const known of this.#known.ofKey(key)) this.#damagedEntries.add(known);
  }

  #lost(machine: Machine): void {
    const looked = this.#lookedAtOf(machine);
    const unconfirmed = this.#takeUnconfirmed(machine);
    noteLost(this.#known, looked.state, undefined, this.#othersOf(machine), unconfirmed);
    looked.beginAnew();
    this.retirements.lost(machine);
    this.acks.fell(machine);
    this.losses.lost(machine);
  }

  #othersOf(machine: Machine): DiskState[] {
    return [...this.#lookedAt]
      .filter(([other]) => other !== machine)
      .flatMap(([, { state }]) => (state === undefined ? [] : [state]));
  }

  #lookedAtOf(machine: Machine): LookedAt {
    let looked = this.#lookedAt.get(machine);
    if (looked === undefined) this.#lookedAt.set(machine, (looked = new LookedAt()));
    return looked;
  }

  #orMet(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.meet(error);
    }
  }

  #throwMet(): void {
    if (this.#met !== undefined) throw this.#met;
  }
}

/**
 * Somebody who watches is a puller (R3) that keeps nothing: each pass pins an instant, tells what is present there and was
 * not told, and then, and only then, counts all that was seen there as told (R4). Commits only wake it up. So what it
 * missed while it was slow is read from disk, and nothing grows with it. The journal is a shortcut: while it reaches back
 * to the last pass, it names what was placed since.
 *
 * It is gone, and must read everything again,
 * - where R7 would call it late: a deletion that it was not told may have been collected. (Not while the journal reaches
 *   back, if it began without a token: then every deletion is told.) With a token R7 is asked at each pass: an entry that was
 *   dropped here, or where this node's context came from, before it began counts no drop since, and becomes closed later;
 * - where entries went without a dot since: dropped by a comparison, taken out by a repair, or forgotten with the context;
 * - where entries that it was told may have expired and been collected, untold;
 * - where it was told by another node, or by this one before it was set back, what this one has not seen, and does not see
 *   within `CATCH_UP_MS`. Until then it is told nothing: it would go back in time, and be told a key that it was told is
 *   deleted;
 * - at another node where its token could not name all single dots of what it was told: they were too many.
 */

import type { Actor, NodeId } from '../core/actor.ts';
import { BoatoError } from '../core/errors.ts';
import { maxVersion } from '../core/version.ts';
import type { Clock } from '../ports/clock.ts';
import { startsWith } from '../core/bytes.ts';
import { ChangePages, type ChangePin, type StoredChange } from './change-pages.ts';
import { type ChangeToken, decodeToken, encodeToken } from './change-token.ts';
import type { ChangeJournal, Placed } from './change-journal.ts';
import { beyond, isCovered, isToldLate, type Told, type ToldRow, toldOf } from './told-context.ts';
import { toldHeads, withImplied } from './told-heads.ts';

/** Some rounds of gossip. */
export const CATCH_UP_MS = 10_000;

/** A wall clock that leaps is noticed within it. */
const TIMER_MS_MAX = 60_000;

const NONE: readonly StoredChange[] = [];
const NO_ROWS: ReadonlyMap<Actor, ToldRow> = new Map();

export interface WatcherDependencies {
  readonly nodeId: NodeId;
  readonly clusterId: string;
  readonly clock: Clock;
  readonly tombstoneTtlMs: number;
  readonly journal: ChangeJournal;
  /** Between two commits; once the dot index lists all entries, if it is about to be read. */
  readonly pin: (isIndexRead: () => boolean) => Promise<ChangePin>;
}

export class Watcher {
  readonly #dependencies: WatcherDependencies;
  readonly #prefix: Uint8Array;
  readonly #since: ChangeToken | undefined;
  readonly #untilMs: number;
  /** Of the last pass that ended. */
  #told: Told | undefined;
  #nextExpiryMs = Number.POSITIVE_INFINITY;
  /** As of the begin of the last pass. */
  #within: Place | undefined;
  /** The last pass has not ended, or never will. */
  #isWithin = false;
  /** Position in the journal, as of then; absent where it began with a token. */
  #at: number | undefined;
  #drops: Pick<ChangeToken, 'drops' | 'droppedAt'> | undefined;
  #token: string | undefined;
  #tokenWithin: string | undefined;
  /** The pass under way, and its next page, which was read ahead. */
  #pass:
    | { readonly pin: ChangePin; readonly pages: ChangePages; readonly source: Source; readonly told: Told }
    | undefined;
  #ahead: readonly StoredChange[] | undefined;
  #wakes = -1;
  #isClosed = false;
  #wake: () => void = () => {};
  #turn: Promise<unknown> = Promise.resolve();

  /** `since`: a token; absent: from now on. Fails with `TOKEN_INVALID`. */
  constructor(dependencies: WatcherDependencies, prefix: Uint8Array, since: string | undefined) {
    const { nodeId, clusterId, clock, journal } = dependencies;
    this.#dependencies = dependencies;
    this.#prefix = prefix;
    this.#since = since === undefined ? undefined : decodeToken(since, clusterId);
    this.#untilMs = clock.monotonicMs() + CATCH_UP_MS;
    journal.isKept = true;
    if (this.#since === undefined) return;
    if (!startsWith(prefix, this.#since.prefix)) throw otherPrefix();
    if (this.#since.nodeId === nodeId) this.#drops = this.#since;
  }

  /** Whether what is read from now on is at least as new as where the watch begins. */
  get isBegun(): boolean {
    return this.#told !== undefined;
  }

  /** Nothing is left to be told for now. */
  get isThrough(): boolean {
    return this.#pass === undefined;
  }

  /** Where to go on once everything that `step` answered was taken; absent before there is such a place. */
  get token(): string | undefined {
    if (this.#isWithin) return this.tokenWithin;
    if (this.#told === undefined) return undefined;
    this.#token ??= this.#encode({ told: this.#told, partly: NO_ROWS, nextExpiryMs: this.#nextExpiryMs });
    return this.#token;
  }

  /** Where to go on if of what `step` answered last only some was taken: all of it is told again. */
  get tokenWithin(): string | undefined {
    if (this.#within !== undefined) this.#tokenWithin ??= this.#encode(this.#within);
    return this.#tokenWithin;
  }

  /** The next changes, perhaps none. One after another. Fails with `CHANGES_GONE`, and as reads and commits do. */
  step(): Promise<readonly StoredChange[]> {
    const step = this.#turn.then(() => (this.#isClosed ? NONE : this.#step()));
    this.#turn = step.catch(() => undefined);
    return step;
  }

  /** Resolves when there may be something to tell. */
  async wait(): Promise<void> {
    const { clock, journal } = this.#dependencies;
    if (this.#isClosed || this.#wakes !== journal.wakes) return;
    await new Promise<void>((resolve) => {
      const ignore = journal.listen(resolve);
      const delayMs = this.isBegun
        ? this.#nextExpiryMs - clock.wallMs()
        : this.#untilMs - clock.monotonicMs();
      const cancel =
        delayMs === Number.POSITIVE_INFINITY
          ? undefined
          : clock.after(Math.min(Math.max(1, delayMs), TIMER_MS_MAX), resolve);
      this.#wake = () => {
        ignore();
        cancel?.();
        resolve();
      };
    });
    this.#wake();
  }

  /** Frees what it holds; `step` answers nothing any more. Harmless when repeated. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    await this.#turn;
    await this.#endPass();
  }

  async #step(): Promise<readonly StoredChange[]> {
    try {
      if (this.#pass === undefined && !(await this.#begin())) return NONE;
      const page = this.#ahead ?? (await this.#next());
      this.#ahead = await this.#next();
      if (this.#ahead === undefined) await this.#adopt();
      return page ?? NONE;
    } catch (error) {
      await this.#endPass();
      throw error;
    }
  }

  /** Whether a pass began. */
  async #begin(): Promise<boolean> {
    let placed: readonly Placed[] | undefined;
    const pin = await this.#dependencies.pin(() => {
      placed = this.#placed();
      return this.#since !== undefined || (this.#told !== undefined && placed === undefined);
    });
    try {
      this.#wakes = pin.wakes;
      this.#drops ??= { drops: pin.drops, droppedAt: pin.droppedAt };
      this.#checkGone(pin);
      if (this.#told === undefined && !(await this.#isCovered(pin))) {
        if (this.#dependencies.clock.monotonicMs() >= this.#untilMs) throw gone(UNSEEN);
        await pin.snapshot.close();
        return false;
      }
      const told = this.#told ?? (await this.#toldBefore(pin));
      const isExact = placed !== undefined && this.#since === undefined;
      if (!isExact && isToldLate(told, pin.context)) throw gone(LATE);
      const since = this.#told === undefined ? this.#since : { nextExpiryMs: this.#nextExpiryMs };
      const nextExpiryMs = since?.nextExpiryMs ?? pin.wallMs;
      const pages = new ChangePages(pin, this.#prefix, nextExpiryMs);
      const now = await toldOf(pin.context, pin.snapshot);
      this.#pass = { pin, pages, source: this.#source(pages, told, placed), told: now };
      const horizon = maxVersion(told.horizon, now.horizon);
      const unnamed = told.unnamed || now.unnamed;
      this.#within = { told: { ...told, horizon, unnamed }, partly: beyond(told, now), nextExpiryMs };
      this.#isWithin = true;
      this.#tokenWithin = undefined;
      return true;
    } catch (error) {
      await pin.snapshot.close();
      throw error;
    }
  }

  /** Since the last pass; `undefined`: there was none, or the journal does not reach back so far. */
  #placed(): readonly Placed[] | undefined {
    return this.#at === undefined ? undefined : this.#dependencies.journal.since(this.#at);
  }

  #source(pages: ChangePages, told: Told, placed: readonly Placed[] | undefined): Source {
    const isNew = this.#told === undefined && this.#since === undefined;
    return isNew || placed !== undefined
      ? pages.placed(placed ?? [])
      : pages.untold(told, this.#dependencies.journal.held());
  }

  /** Where the watch begins. Of a token, once it is covered: what its heads imply is known here then. */
  #toldBefore({ context, snapshot }: ChangePin): Promise<Told> {
    if (this.#since === undefined) return toldOf(context, snapshot);
    return Promise.resolve(withImplied(this.#since.told, context));
  }

  /** Whether what a token covers was seen: its heads, and so what they imply (I9). */
  async #isCovered({ context, snapshot }: ChangePin): Promise<boolean> {
    return (
      this.#since === undefined ||
      ((await isCovered(this.#since.told.rowByActor, context, snapshot)) &&
        (await isCovered(this.#since.partly, context, snapshot)))
    );
  }

  /** Another node told more than the token names. */
  get #isUnaccounted(): boolean {
    const since = this.#since;
    return since?.told.unnamed === true && since.nodeId !== this.#dependencies.nodeId;
  }

  #checkGone(pin: ChangePin): void {
    const nextExpiryMs = this.#told === undefined ? this.#since?.nextExpiryMs : this.#nextExpiryMs;
    if (this.#told === undefined && this.#isUnaccounted) throw gone(UNNAMED);
    if (pin.drops !== this.#drops?.drops || pin.droppedAt !== this.#drops.droppedAt) throw gone(DROPPED);
    if ((nextExpiryMs ?? pin.wallMs) < pin.wallMs - this.#dependencies.tombstoneTtlMs) throw gone(EXPIRED);
  }

  async #next(): Promise<readonly StoredChange[] | undefined> {
    const next = await this.#pass?.source.next();
    return next?.done === false ? next.value : undefined;
  }

  async #adopt(): Promise<void> {
    if (this.#pass === undefined) return;
    const { pin, pages, told } = this.#pass;
    this.#told = told;
    this.#isWithin = false;
    this.#nextExpiryMs = pages.nextExpiryMs;
    this.#at = pin.end;
    this.#token = undefined;
    await this.#endPass();
  }

  #encode({ told, partly, nextExpiryMs }: Place): string | undefined {
    if (this.#drops === undefined) return undefined;
    const { nodeId, clusterId } = this.#dependencies;
    const { drops, droppedAt } = this.#drops;
    const heads = {
      told: { ...told, rowByActor: toldHeads(told.rowByActor) },
      partly: toldHeads(partly),
    };
    return encodeToken({ nodeId, drops, droppedAt, prefix: this.#prefix, nextExpiryMs, ...heads }, clusterId);
  }

  async #endPass(): Promise<void> {
    const pass = this.#pass;
    this.#pass = undefined;
    this.#ahead = undefined;
    try {
      await pass?.source.return();
    } finally {
      await pass?.pin.snapshot.close();
    }
  }
}

type Place = Pick<ChangeToken, 'told' | 'partly' | 'nextExpiryMs'>;

type Source = AsyncGenerator<readonly StoredChange[], void, undefined>;

const LATE = 'what was deleted meanwhile is forgotten';
const DROPPED = 'entries were dropped, or taken out, which nothing that is here tells';
const EXPIRED = 'what expired meanwhile is forgotten';
const UNNAMED = 'the node that told the rest told more than its token could name';
const UNSEEN = 'this node lacks what was told before, and did not get it';

function gone(why: string): BoatoError {
  return new BoatoError(
    'CHANGES_GONE',
    `Not all that changed since can be told (${why}): begin a new watch, then read everything again.`,
  );
}

function otherPrefix(): BoatoError {
  return new BoatoError(
    'TOKEN_INVALID',
    'The token is of a watch of another prefix, and says nothing of these keys: give the same one.',
  );
}

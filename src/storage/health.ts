/**
 * R8: whether what is on disk is what was written. Damage is met in reading, or found by computing the sums anew; the node
 * serves and adopts nothing then until it has given up its context.
 */

import { equalSums } from '../core/context.ts';
import { BoatoError } from '../core/errors.ts';
import type { Log } from '../ports/log.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import { isAnyMissing, readBeside } from './beside.ts';
import { type Committer, UNREADABLE } from './committer.ts';
import { isDamage } from './damage.ts';
import type { Findings } from './findings.ts';
import { type Recount, recount, reserveActorNumbers } from './fold.ts';
import { giveUp } from './give-up.ts';
import { writeLeftOut } from './left-out.ts';
import { ownKeys } from './meta-record.ts';
import { rebuild } from './rebuild.ts';
import type { Sessions } from './sessions.ts';
import type { State } from './state.ts';
import type { Transaction } from './transaction.ts';
import { momentOf, verify } from './verify.ts';

export interface CheckProgress {
  done: number;
  readonly total: number;
}

export class Health {
  readonly #store: OrderedStore;
  readonly #state: State;
  readonly #committer: Committer;
  readonly #sessions: Sessions;
  readonly #log: Log;
  /** After an unclean stop, until the entries are found to be sound. */
  #checking: CheckProgress | undefined;
  /** Records that the verifications under way have looked at. */
  #verified = 0;
  #verifications = 0;
  #isUnreadable = false;

  constructor(
    store: OrderedStore,
    state: State,
    committer: Committer,
    sessions: Sessions,
    log: Log,
    wasClean: boolean,
  ) {
    this.#store = store;
    this.#state = state;
    this.#committer = committer;
    this.#sessions = sessions;
    this.#log = log;
    this.#checking = wasClean ? undefined : { done: 0, total: state.all.count };
  }

  get checking(): Readonly<CheckProgress> | undefined {
    return this.#checking;
  }

  /** How many records were looked at, while a verification runs. */
  get verifying(): number | undefined {
    return this.#verifications === 0 ? undefined : this.#verified;
  }

  /** Why nothing is served and adopted. */
  get ailment(): string | undefined {
    if (this.#state.damaged) return 'a record on its disk is damaged';
    return this.#checking === undefined ? undefined : 'it checks its entries after an unclean stop';
  }

  /** A part of the database cannot be read: nothing can be mended in it. */
  get isUnreadable(): boolean {
    return this.#isUnreadable;
  }

  /**
   * More than single records cannot be read: the store is fenced, and what can be read is to be copied. Gives what to throw;
   * other errors as they are.
   */
  unreadable(error: unknown): unknown {
    if (!isDamage(error)) return error;
    this.#isUnreadable = true;
    this.#state.damaged = true;
    return this.#committer.fence(error, UNREADABLE);
  }

  /** Damage was met; kept across restarts until the context is given up. */
  meet(error: BoatoError): void {
    if (this.#state.damaged) return;
    this.#state.damaged = true;
    this.#log.error({ code: error.code }, error.message);
    // Best effort: the next read of the record finds the damage again.
    this.#change((transaction) => transaction.touchState()).catch(() => {});
  }

  /** As `meet`, of what other records may be gone by, or stale; kept when it resolves. */
  async note(error: BoatoError): Promise<void> {
    await reserveActorNumbers(this.#store, this.#state.context);
    this.meet(error);
    await this.#change((transaction) => transaction.touchState());
  }

  /**
   * Looks for damage, and gives up the context if there is any. Resolves to what was found, a sentence. Called off, it fails
   * with `STORE_CLOSED`.
   */
  async check(isCalledOff: () => boolean): Promise<string | undefined> {
    for (;;) {
      const { epoch } = this.#state;
      const why = await this.#whyUnsound(isCalledOff);
      // If the context was given up meanwhile, what was found is of a state that is gone.
      if (why === undefined || (await this.giveUp(why, epoch))) return why;
    }
  }

  /**
   * Computes the sums anew from the entries of one moment, and reads the records beside them, while reads and writes go
   * on. Resolves to what is wrong, a sentence; to `undefined` if all is well.
   */
  async #whyUnsound(isCalledOff: () => boolean): Promise<string | undefined> {
    const { context, fingerprints } = this.#state;
    const goOn = (): void => {
      if (isCalledOff()) throw new BoatoError('STORE_CLOSED', 'The check was called off.');
    };
    await this.#store.checkFiles?.(goOn);
    const { snapshot, all, permanent, pairsByNo, own } = await this.#committer.exclusive(() => {
      const { all: allNow, permanent: permanentNow, unindexed } = this.#state;
      const pairs = new Map(unindexed ? [] : [...context.all()].map((row) => [row.no, row.pairs]));
      const hasRows = [...context.all()].some((row) => !context.isSpare(row));
      const now = { all: allNow, permanent: permanentNow, pairsByNo: pairs, own: ownKeys(hasRows) };
      return Promise.resolve({ snapshot: this.#store.snapshot(), ...now });
    });
    let found: Recount;
    let isSound: boolean;
    try {
      found = await recount(snapshot, context, fingerprints, (records) => {
        goOn();
        if (this.#checking !== undefined) this.#checking.done += records;
      });
      const ownRecords = await snapshot.getMany(own);
      const beside = await readBeside(snapshot, fingerprints, goOn);
      isSound =
        beside !== undefined &&
        !ownRecords.includes(undefined) &&
        found.unreadable.length === 0 &&
        equalSums(found.all, all) &&
        equalSums(found.permanent, permanent) &&
        !(await isAnyMissing(snapshot, beside, { due: found.due, pairsByNo }, goOn));
    } catch (error) {
      throw this.unreadable(error);
    } finally {
      await snapshot.close();
    }
    if (!isSound || this.#state.damaged) return damageSentence(found, all.count);
    this.#checking = undefined;
    return undefined;
  }

  /** Looks at every record of one moment, while reads and writes go on. Called off, it fails with `ABORTED`. */
  async verify(isCalledOff: () => boolean): Promise<Findings> {
    const goOn = (): void => {
      if (isCalledOff()) throw new BoatoError('ABORTED', 'The verification was called off.');
    };
    await this.#store.checkFiles?.(goOn);
    const moment = await this.#committer.exclusive(async () => {
      await writeLeftOut(this.#state, this.#committer);
      return momentOf(this.#state, this.#store.snapshot());
    });
    if (this.#verifications++ === 0) this.#verified = 0;
    try {
      return await verify(moment, this.#state.fingerprints, (records) => {
        this.#verified += records;
        goOn();
      });
    } finally {
      this.#verifications--;
      await moment.snapshot.close();
    }
  }

  /**
   * Resolves when it is on disk. Commits wait meanwhile, reads do not. `foundIn`: the epoch in which the reason was found;
   * in another one nothing is done. Resolves to whether it was.
   */
  async giveUp(why: string, foundIn?: number): Promise<boolean> {
    const { context, fingerprints } = this.#state;
    return this.#committer.exclusive(async () => {
      if (foundIn !== undefined && foundIn !== this.#state.epoch) return false;
      this.#log.error(
        { why },
        'Damage was found: what was seen is forgotten, and peers are asked for all of it.',
      );
      await this.#store.checkFiles?.(() => {});
      const found = await recount(this.#store, context, fingerprints).catch((error: unknown) => {
        throw this.unreadable(error);
      });
      await this.#changeNow((transaction) => {
        transaction.state.damaged = true;
        transaction.touchState();
      });
      try {
        await rebuild(this.#store, this.#state, found.unreadable);
      } catch (error) {
        this.unreadable(error);
        throw this.#committer.fence(error);
      }
      await this.#changeNow((transaction) => {
        this.#sessions.deleteAll(transaction);
        giveUp(transaction, found);
        // It was made anew.
        this.#state.unindexed = false;
        this.#state.deferred.lose();
      });
      this.#checking = undefined;
      return true;
    });
  }

  /** A first copy goes on being one while it can be resumed: it brings the rest of its batches. */
  async endHealing(): Promise<void> {
    const [state, sessions] = [this.#state, this.#sessions];
    const isBootstrapped = (): boolean => state.bootstrapping && !sessions.hasFirstCopy;
    if (!state.healing && !isBootstrapped()) return;
    await this.#change((transaction) => {
      state.healing = false;
      if (isBootstrapped()) state.bootstrapping = false;
      transaction.touchState();
    });
  }

  #change(decide: (transaction: Transaction) => void): Promise<void> {
    return this.#committer.commit({ keys: [], bytes: 0, sync: true, decide });
  }

  #changeNow(decide: (transaction: Transaction) => void): Promise<void> {
    return this.#committer.commitNow({ keys: [], bytes: 0, sync: true, decide });
  }
}

function damageSentence({ unreadable, all }: Recount, expected: number): string {
  const lost = expected - all.count - unreadable.length;
  const what = [
    ...(unreadable.length > 0 ? [`${unreadable.length} records cannot be read`] : []),
    ...(lost > 0 ? [`${lost} entries are missing`] : []),
  ];
  return what.length === 0
    ? 'records beside the entries cannot be read, are missing, or do not add up'
    : what.join(', ');
}

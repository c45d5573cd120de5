/** What a run is made of, for whoever acts in it. */

import type { Hash64 } from '../ports/hash64.ts';
import { AggregateCheck } from './checker/aggregate-check.ts';
import { Checker } from './checker/checker.ts';
import { DocumentCheck } from './checker/document-check.ts';
import { EventCheck } from './checker/event-check.ts';
import { MemberCheck } from './checker/member-check.ts';
import { Ledger } from './checker/ledger.ts';
import { CounterCheck } from './checker/counter-check.ts';
import type { Losses } from './losses.ts';
import { WatchClient } from './workload/watch-client.ts';
import { Pending } from './faults/pending.ts';
import type { World } from './world.ts';

const WATCH_CLIENTS = 3;

export interface Scene {
  readonly world: World;
  readonly ledger: Ledger;
  /** Told before something is lost. */
  readonly losses: Losses;
  /** What faults still have to do. */
  readonly pending: Pending;
  readonly checker: Checker;
  readonly memberCheck: MemberCheck;
  readonly eventCheck: EventCheck;
  readonly aggregateCheck: AggregateCheck;
  readonly counterCheck: CounterCheck;
  readonly documentCheck: DocumentCheck;
  readonly watchClients: readonly WatchClient[];
  /** Nodes that somebody has forgotten for ever. */
  readonly retired: Set<string>;
  /** What was done that may as well be refused, how often. */
  readonly counted: Record<string, number>;
  /** One more of these. */
  readonly count: (what: string) => void;
}

/** Everything that happens in `world` is checked from then on. */
export function openScene(world: World, hash64: Hash64): Scene {
  const ledger = new Ledger();
  const checker = new Checker(world, ledger, hash64);
  const meet = (error: unknown): void => checker.meet(error);
  world.afterEvent = () => checker.afterEvent();
  const memberCheck = new MemberCheck(world, meet);
  const documentCheck = new DocumentCheck(world, memberCheck);
  checker.onLooked = (machine, state) => {
    if (checker.fates !== undefined) documentCheck.checkKept(machine, state, checker.fates);
  };
  // One watches everything, the others what begins so.
  const watchClients = Array.from(
    { length: WATCH_CLIENTS },
    (_, number) => new WatchClient(`watch ${number}`, world.events, number === 0 ? '' : 'key-'),
  );
  const counted: Record<string, number> = {};
  return {
    world,
    ledger,
    losses: checker.losses,
    pending: new Pending(world.time),
    checker,
    memberCheck,
    eventCheck: new EventCheck(world, meet),
    aggregateCheck: new AggregateCheck(world, meet),
    counterCheck: new CounterCheck(world, checker),
    documentCheck,
    watchClients,
    retired: new Set<string>(),
    counted,
    count: (what) => (counted[what] = (counted[what] ?? 0) + 1),
  };
}

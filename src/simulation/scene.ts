/** What a run is made of, for whoever acts in it. */

import type { Ledger } from './checker/ledger.ts';
import type { Pending } from './faults/pending.ts';
import type { Losses } from './losses.ts';
import type { World } from './world.ts';

export interface Scene {
  readonly world: World;
  readonly ledger: Ledger;
  /** Told before something is lost. */
  readonly losses: Losses;
  /** What faults still have to do. */
  readonly pending: Pending;
}

/** Where a store lives, as a port: a folder on a disk, or one that is simulated. */

import type { BoatoError } from '../core/errors.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import type { KeptFile } from './kept-file.ts';

export interface StoreHome {
  /** For people; of a folder its absolute path. */
  readonly dir: string;
  readonly store: OrderedStore;
  /** A store was made here before. */
  readonly isInitialized: boolean;
  /** Whom the node knows of its cluster. */
  readonly members: KeptFile;
  /** What is seen from without: files are not what they were when the store was closed. */
  readonly damage?: BoatoError | undefined;
  /** After the store knows who it is, and of the damage: from now on it must exist. */
  markInitialized(): Promise<void>;
  /** Fails if the store, once closed, could not be opened again, as far as that can be told. */
  checkReopening(): Promise<void>;
  /** Opens the store again, which is closed, and has it read; closes it if that fails. */
  reopen<T>(read: (store: OrderedStore, damage?: BoatoError) => Promise<T>): Promise<T>;
  /** A part of it cannot be read: the next opening, or reopening, is of a copy of the rest. */
  requestSalvage?(): Promise<void>;
  /** The room that a reopening on a full disk takes. Fails if there is none. */
  setRoomAside(isCalledOff: () => boolean): Promise<void>;
  /** Fails if there is next to no room for writes. */
  checkRoom(): Promise<void>;
  /** After the store is closed. */
  release(): Promise<void>;
}

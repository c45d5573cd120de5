/** Yjs documents (https://docs.yjs.dev) that a store keeps, and nodes bring to each other. */

import { Doc } from 'yjs';
import { systemRandom } from '../adapters/system-random.ts';
import { BoatoError } from '../core/errors.ts';
import type { Store } from '../node/api.ts';
import { checkKnown } from '../node/options.ts';
import { prefixOf } from './registers.ts';
import { UpdateLog } from './update-log.ts';

export interface DocumentOptions {
  /** Gets what is stored, and what it holds beyond that is stored. Default: a new one. */
  readonly doc?: Doc;
  /** Changes could not be stored. They are kept, and stored with the next ones, by `saved`, or by `close`. */
  readonly onUnsaved?: (error: Error) => void;
}

/** A document, and its connection with the store. */
export interface StoredDocument extends AsyncDisposable {
  readonly doc: Doc;
  /**
   * Settles when what other nodes change comes in no more: `undefined` after `close`, or once the store is closed; else why.
   * Changes of `doc` are stored until `close`.
   */
  readonly stopped: Promise<Error | undefined>;
  /** Resolves when all changes made so far are on disk. Fails as `put` does; what was not stored is tried again with the next. */
  saved(): Promise<void>;
  /**
   * Stores what is not stored yet, and ends the connection of `doc` with the store, as destroying `doc` does. Harmless when
   * repeated.
   */
  close(): Promise<void>;
}

/**
 * As many entries, and at random up to twice as many, are put together, so that writers on several nodes seldom do so at the
 * same time; if they do, the same is stored twice for a while.
 */
const ENTRIES_MIN = 64;

/**
 * Opens the document `name` of `store`, which may be a node. Resolves when all that this node holds of it is in `doc`. From
 * then on changes of `doc` are stored as they are made, those of other nodes come to `doc` as they arrive. Fails with
 * `INVALID_KEY`, `INVALID_OPTION`, and with `SCHEMA_MISMATCH` if other things are stored under its name.
 */
export async function openDocument(
  store: Store,
  name: string,
  options: DocumentOptions = {},
): Promise<StoredDocument> {
  checkKnown(options, ['doc', 'onUnsaved']);
  const { doc = new Doc(), onUnsaved = () => {} } = options;
  if (!(doc instanceof Doc)) {
    throw new BoatoError(
      'INVALID_OPTION',
      'The option `doc` must be a document of the same installed `yjs`.',
    );
  }
  const document = new UpdateLog(doc, {
    store,
    prefix: prefixOf(name),
    random: systemRandom,
    entriesMin: ENTRIES_MIN,
    onUnsaved,
  });
  await document.open();
  return document;
}

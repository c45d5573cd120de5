/** What a machine's disk holds, read past the node: its entries, what it says that it has seen, and its sums. */

import { unpackValue } from '../../adapters/value-codec.ts';
import { type Actor, nodeIdOf } from '../../core/actor.ts';
import { byteString, readUint32, readUint64 } from '../../core/bytes.ts';
import type { Row, Sum } from '../../core/context.ts';
import type { Dot } from '../../core/entry.ts';
import type { Fingerprints } from '../../core/fingerprint.ts';
import { isRetirement, knowsOf } from '../../core/retirement.ts';
import { type Version, VERSION_ZERO } from '../../core/version.ts';
import type { StoredRecord } from '../../ports/ordered-store.ts';
import { readRecord, unseal } from '../../storage/checksum.ts';
import { decodeEntry, LARGE, type StoredEntry, TOMBSTONE } from '../../storage/entry-record.ts';
import { keyOfEntry, largeValueKey, spaceOf, STATE_KEY } from '../../storage/keyspace.ts';
import { decodeState, type NodeState } from '../../storage/meta-record.ts';
import { decodeRow } from '../../storage/row-record.ts';
import { decodeSegment } from '../../storage/segment-record.ts';
import { textOf } from './value-text.ts';

export interface SeenRow extends Row {
  readonly cloudVersions: ReadonlySet<Version>;
}

export interface PresentEntry extends Dot {
  readonly key: string;
  readonly first: Version;
  readonly last: Version;
  readonly tombstone: boolean;
  /** As `textOf` has it. */
  readonly value: string | undefined;
  readonly expiresAt: number | undefined;
  /** What it adds to the sums of R8. */
  readonly sum: Sum;
}

/** What is claimed to have been seen. */
export interface Seen {
  readonly rowByActor: ReadonlyMap<string, SeenRow>;
  /** By node that is gone for ever: how far each of its runs up to then is known, be there a row of it or not. */
  readonly retiredAt: ReadonlyMap<string, Version>;
}

export interface DiskState extends Seen {
  readonly entryByKey: ReadonlyMap<string, PresentEntry>;
  readonly rowByActor: ReadonlyMap<Actor, SeenRow>;
  /** Absent before the first commit. */
  readonly node: NodeState | undefined;
  /** Records that cannot be read. */
  readonly damaged: number;
}

const STATE = byteString(STATE_KEY);
const decoder = new TextDecoder();

interface DecodedEntry {
  readonly stored: StoredEntry;
  readonly key: string;
  readonly value: string | undefined;
}

/** Records are never changed in place, so that each is decoded once; those of a copy of a disk are the same. */
export class DiskReader {
  readonly #fingerprints: Fingerprints;
  readonly #entryByRecord = new WeakMap<Uint8Array, DecodedEntry>();
  readonly #largeByRecord = new WeakMap<Uint8Array, string>();
  readonly #presentByRecord = new WeakMap<Uint8Array, PresentEntry>();

  constructor(fingerprints: Fingerprints) {
    this.#fingerprints = fingerprints;
  }

  read(records: readonly StoredRecord[]): DiskState {
    let damaged = 0;
    const orDamaged = <T>(read: () => T): T | undefined => {
      try {
        return read();
      } catch {
        damaged++;
        return undefined;
      }
    };
    const rows = new Map<number, Row>();
    const clouds = new Map<number, Set<Version>>();
    const entries: (readonly [Uint8Array, Uint8Array])[] = [];
    const large = new Map<string, readonly [Uint8Array, Uint8Array]>();
    let node: NodeState | undefined;
    for (const [key, record] of records) {
      switch (spaceOf(key)) {
        case 'meta':
          if (byteString(key) === STATE) node = orDamaged(() => readRecord(key, record, decodeState));
          break;
        case 'entry':
          entries.push([key, record]);
          break;
        case 'largeValue':
          large.set(byteString(key), [key, record]);
          break;
        case 'row': {
          const row = orDamaged(() => readRecord(key, record, decodeRow));
          if (row !== undefined) rows.set(readUint32(key, 1), row);
          break;
        }
        case 'cloud': {
          const no = readUint32(key, 1);
          clouds.set(no, (clouds.get(no) ?? new Set()).add(readUint64(key, 5) as Version));
          break;
        }
        default:
      }
    }
    const entryByKey = new Map<string, PresentEntry>();
    for (const [key, record] of entries) {
      const entry = orDamaged(() => this.#entry(key, record, large, rows));
      if (entry !== undefined) entryByKey.set(entry.key, entry);
    }
    const rowByActor = new Map(
      [...rows].map(([no, row]) => [row.actor, { ...row, cloudVersions: clouds.get(no) ?? new Set() }]),
    );
    return { entryByKey, rowByActor, retiredAt: retirementsIn(rowByActor.values()), node, damaged };
  }

  #entry(
    key: Uint8Array,
    record: Uint8Array,
    large: ReadonlyMap<string, readonly [Uint8Array, Uint8Array]>,
    rows: ReadonlyMap<number, Row>,
  ): PresentEntry {
    const known = this.#presentByRecord.get(record);
    if (
      known !== undefined &&
      rows.get(this.#entryByRecord.get(record)?.stored.actorNo ?? -1)?.actor === known.actor
    )
      return known;
    const decoded = this.#decoded(key, record, large);
    const { version, first, last, flags, expiresAt, actorNo } = decoded.stored;
    const actor = rows.get(actorNo)?.actor;
    if (actor === undefined) throw new Error('an entry of an actor without a row');
    const entry: PresentEntry = {
      key: decoded.key,
      actor,
      version,
      first,
      last,
      tombstone: (flags & TOMBSTONE) !== 0,
      value: decoded.value,
      expiresAt,
      sum: this.#fingerprints.entry(actor, version, keyOfEntry(key)),
    };
    this.#presentByRecord.set(record, entry);
    return entry;
  }

  #decoded(
    key: Uint8Array,
    record: Uint8Array,
    large: ReadonlyMap<string, readonly [Uint8Array, Uint8Array]>,
  ): DecodedEntry {
    let decoded = this.#entryByRecord.get(record);
    if (decoded !== undefined) return decoded;
    const stored = readRecord(key, record, decodeEntry);
    decoded = { stored, key: decoder.decode(keyOfEntry(key)), value: this.#value(stored, large) };
    // A large value lies apart, and may be gone the next time.
    if (!(stored.flags & LARGE)) this.#entryByRecord.set(record, decoded);
    return decoded;
  }

  #value(
    { flags, value, actorNo, version }: StoredEntry,
    large: ReadonlyMap<string, readonly [Uint8Array, Uint8Array]>,
  ): string | undefined {
    if (flags & TOMBSTONE) return undefined;
    if (!(flags & LARGE)) return textOf(unpackValue(value));
    const apart = large.get(byteString(largeValueKey(actorNo, version)));
    if (apart === undefined) throw new Error('a large value that is missing');
    const [key, record] = apart;
    const known = this.#largeByRecord.get(record) ?? textOf(unpackValue(unseal(key, record)));
    this.#largeByRecord.set(record, known);
    return known;
  }
}

/** By node, of the rows of a disk. */
export function retirementsIn(rows: Iterable<Row>): DiskState['retiredAt'] {
  const retirements = [...rows].filter(({ actor }) => isRetirement(actor));
  return new Map(retirements.map(({ actor, closed }) => [nodeIdOf(actor), closed]));
}

const NO_VERSIONS: ReadonlySet<Version> = new Set();

/** What was seen of an actor: its row says it, or the retirement of its node; `undefined`: nothing. */
export function seenOf(
  { rowByActor, retiredAt }: Seen,
  actor: Actor,
): Pick<SeenRow, 'received' | 'closed' | 'cloudVersions'> | undefined {
  const row = rowByActor.get(actor);
  if (row !== undefined || retiredAt.size === 0) return row;
  const upTo = retiredAt.get(nodeIdOf(actor));
  return knowsOf(upTo, actor) ? { received: upTo, closed: upTo, cloudVersions: NO_VERSIONS } : undefined;
}

/** R2: whether the dot, of an entry of `key`, was seen there. */
export function hasSeen(state: DiskState, { actor, version }: Dot, key: string): boolean {
  const row = seenOf(state, actor);
  if (row !== undefined && (version <= row.received || row.cloudVersions.has(version))) return true;
  const present = state.entryByKey.get(key);
  return present?.version === version && present.actor === actor;
}

/** Keys that a record of the dot index lists; none of any other record, or one that is damaged already. */
export function keysListed([key, record]: StoredRecord): readonly string[] {
  const space = spaceOf(key);
  if (space !== 'segment' && space !== 'singleDot') return [];
  try {
    return readRecord(key, record, decodeSegment).map((pair) => decoder.decode(pair.key));
  } catch {
    return [];
  }
}

/** Whether it has seen, besides the entry of `dot`, all that its writer had seen before it. */
export function isClosedOver(state: DiskState, { actor, version }: Dot): boolean {
  return version <= (seenOf(state, actor)?.closed ?? VERSION_ZERO);
}

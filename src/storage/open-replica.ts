/** Opens the layout on an ordered store: who the node is, what it has seen; in a time that the keys do not matter to. */

import type { NodeId } from '../core/actor.ts';
import { readUint32, readUint64 } from '../core/bytes.ts';
import { equalSums, SUM_ZERO } from '../core/context.ts';
import { BoatoError } from '../core/errors.ts';
import { Fingerprints } from '../core/fingerprint.ts';
import type { Version } from '../core/version.ts';
import type { Clock } from '../ports/clock.ts';
import type { Hash64 } from '../ports/hash64.ts';
import type { Log } from '../ports/log.ts';
import type { KeyRange, OrderedStore, StoredRecord } from '../ports/ordered-store.ts';
import type { Random } from '../ports/random.ts';
import { readRecord, seal } from './checksum.ts';
import { damaged, isDamage } from './damage.ts';
import { takeCleanStop } from './clean-stop.ts';
import { countAnew } from './count-anew.ts';
import { DotCache } from './dot-cache.ts';
import { ALL_CLOUD_DOTS, ALL_ROWS, IDENTITY_KEY, STATE_KEY } from './keyspace.ts';
import { decodeIdentity, decodeState, encodeIdentity, FORMAT_VERSION, type Identity } from './meta-record.ts';
import { decodeRow } from './row-record.ts';
import { State } from './state.ts';
import { StoredReplica } from './stored-replica.ts';

export interface ReplicaOptions {
  readonly store: OrderedStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly hash64: Hash64;
  readonly log: Log;
  /** A store was made here before: an empty one is not begun in its place. */
  readonly mustExist: boolean;
  /** For a new store; of an existing one it must be the same. A random one if absent. */
  readonly nodeId: NodeId | undefined;
  /** For a new store, `default` if absent; of an existing one it must be the same. */
  readonly clusterId: string | undefined;
  readonly tombstoneTtlMs: number;
  readonly maxDriftMs: number;
  readonly dotCacheBytes: number;
  /** Acknowledge only what survives power loss. */
  readonly sync: boolean;
}

const SCAN_PAGE = 1000;

/** `before`: the replica whose place it takes in this process, after a failed write; it must be closed. */
export async function openReplica(options: ReplicaOptions, before?: StoredReplica): Promise<StoredReplica> {
  const { store, hash64, random, log } = options;
  const [storedIdentity, storedState] = await store.getMany([IDENTITY_KEY, STATE_KEY]);
  if (storedIdentity === undefined && options.mustExist) {
    throw new BoatoError('STORE_MISSING', 'The database is there, but what it held is gone.');
  }
  const identity =
    storedIdentity === undefined
      ? await createIdentity(options)
      : checkIdentity(readRecord(IDENTITY_KEY, storedIdentity, decodeIdentity), options);
  const fingerprints = new Fingerprints(hash64);
  const damage: BoatoError[] = [];
  const nodeState =
    storedState === undefined
      ? undefined
      : unlessDamaged(damage, () => readRecord(STATE_KEY, storedState, decodeState));
  const seed = (BigInt(random.uint32()) << 32n) | BigInt(random.uint32());
  const isEmpty =
    storedState === undefined ||
    (nodeState !== undefined && nodeState.all.count === 0 && !nodeState.uncounted);
  const state = new State(identity, fingerprints, new DotCache(options.dotCacheBytes, hash64, seed, isEmpty));
  if (nodeState !== undefined) state.load(nodeState);
  if (before !== undefined) state.follow(before.past);
  // The sync of the one takes as long as the reading of the other.
  const [hadMarker] = await Promise.all([takeCleanStop(store), loadContext(store, state, damage)]);
  const wasClean = hadMarker || storedIdentity === undefined;
  // Who writes a row writes it, so where there are rows it is lost.
  if (storedState === undefined && state.nextActorNo > 0) {
    damage.push(damaged('is missing'));
    state.cache.clear(false);
  }
  if (nodeState?.uncounted === true)
    log.info({ nodeId: identity.nodeId }, 'A first copy was under way: the entries are counted anew.');
  if (nodeState === undefined || nodeState.uncounted) {
    const met = await countAnew(store, state);
    if (met !== undefined) damage.push(met);
  }
  const replica = new StoredReplica(options, state, wasClean);
  await replica.load(damage[0]);
  if (!wasClean && before === undefined)
    log.info({ nodeId: identity.nodeId }, 'The last stop was not clean; what was acknowledged is here.');
  return replica;
}

async function createIdentity({ store, nodeId, clusterId, random }: ReplicaOptions): Promise<Identity> {
  const randomName = `node-${random.uint32().toString(16).padStart(8, '0')}`;
  const identity: Identity = {
    formatVersion: FORMAT_VERSION,
    nodeId: nodeId ?? (randomName as NodeId),
    clusterId: clusterId ?? 'default',
  };
  const record = seal(IDENTITY_KEY, encodeIdentity(identity));
  await store.write([{ type: 'put', key: IDENTITY_KEY, value: record }], { sync: true });
  return identity;
}

function checkIdentity(
  stored: Identity | { readonly formatVersion: number },
  options: ReplicaOptions,
): Identity {
  if (!('nodeId' in stored)) {
    throw new BoatoError(
      'FORMAT_UNSUPPORTED',
      `The folder has format ${stored.formatVersion}, and this version of Boato reads format ${FORMAT_VERSION}: use the version that wrote it.`,
    );
  }
  if (options.nodeId !== undefined && options.nodeId !== stored.nodeId) {
    throw new BoatoError(
      'NAME_MISMATCH',
      `The folder belongs to node ${stored.nodeId}, not ${options.nodeId}: use that name, or another folder.`,
    );
  }
  if (options.clusterId !== undefined && options.clusterId !== stored.clusterId) {
    throw new BoatoError(
      'CLUSTER_MISMATCH',
      `The folder belongs to cluster ${stored.clusterId}, not ${options.clusterId}: use that cluster, or another folder.`,
    );
  }
  return stored;
}

/** What is damaged is left out: the node can be read, and serves nobody. */
async function loadContext(store: OrderedStore, state: State, damage: BoatoError[]): Promise<void> {
  const { context } = state;
  const sums = new Map<number, ReturnType<typeof decodeRow>>();
  await forEachRecord(store, ALL_ROWS, ([key, record]) => {
    const no = readUint32(key, 1);
    context.reserve(no + 1);
    const stored = unlessDamaged(damage, () => readRecord(key, record, decodeRow));
    if (stored === undefined) return;
    const row = context.ensure(stored.actor, no);
    sums.set(row.no, stored);
    context.link(row, stored.predecessor);
    row.indexed = stored.indexed;
    row.pairs = stored.pairs;
    row.live = stored.live;
    context.advance(row, stored.received, stored.closed);
    context.setLoose(row, stored.loose);
    state.see(stored.received);
    state.see(stored.indexed);
  });
  await forEachRecord(store, ALL_CLOUD_DOTS, ([key, record]) => {
    const no = readUint32(key, 1);
    const version = readUint64(key, 5) as Version;
    const isSound = unlessDamaged(damage, () => readRecord(key, record, () => true)) ?? false;
    if (isSound && context.isNo(no)) context.addCloud(context.byNo(no), version);
    state.see(version);
  });
  for (const row of context.all()) {
    if (!equalSums(row.cloud, sums.get(row.no)?.cloud ?? SUM_ZERO)) {
      damage.push(damaged('of the causal context is missing'));
    }
  }
  context.settle(Number.NEGATIVE_INFINITY);
}

function unlessDamaged<T>(damage: BoatoError[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isDamage(error)) throw error;
    damage.push(error);
    return undefined;
  }
}

async function forEachRecord(
  store: OrderedStore,
  range: KeyRange,
  visit: (record: StoredRecord) => void,
): Promise<void> {
  const scan = store.scan(range);
  try {
    for (let page = await scan.next(SCAN_PAGE); page.length > 0; page = await scan.next(SCAN_PAGE))
      page.forEach(visit);
  } finally {
    await scan.close();
  }
}

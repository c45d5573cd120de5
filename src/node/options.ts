/** Options of stores and nodes: defaults, and one sentence for each bad field. */

import { type Address, formatAddress, parseAddress } from '../adapters/address.ts';
import type { CertificatePaths } from '../adapters/certificates.ts';
import { silentLog } from '../adapters/silent-log.ts';
import type { NodeId } from '../core/actor.ts';
import { BoatoError } from '../core/errors.ts';
import { hostOf, isHostPort, isLoopback, isPortless, isWildcard } from '../core/host.ts';
import { DEFAULT_LIMITS, type Limits } from '../core/limits.ts';
import { isWellFormed } from '../core/well-formed.ts';
import { GOSSIP_MODES, type GossipMode } from '../gossip/mode.ts';
import { type Sampler, SAMPLERS } from '../gossip/partners.ts';
import { SERVED_BYTES_PER_SECOND_MIN } from '../gossip/pacing.ts';
import { METADATA_BYTES_MAX } from '../membership/member.ts';
import type { Log } from '../ports/log.ts';
import { checkSignal } from './abort.ts';
import type { Compression, NodeOptions, StoreOptions } from './api.ts';
import { integer, invalid, name, shown } from './option-fields.ts';

/** A timer's longest delay; longer ones fire at once. */
export const DELAY_MS_MAX: number = 2 ** 31 - 1;

const DAY_MS = 86_400_000;
const MIB = 2 ** 20;

const LOG_METHODS = ['debug', 'info', 'warn', 'error'] as const;

export interface CheckedStoreOptions {
  readonly dir: string;
  readonly nodeId: NodeId | undefined;
  readonly clusterId: string | undefined;
  readonly durability: 'fsync' | 'os';
  readonly tombstoneTtlMs: number;
  readonly maxDriftMs: number;
  readonly dotCacheBytes: number;
  readonly log: Log;
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
}

export interface CheckedNodeOptions extends CheckedStoreOptions {
  readonly listen: string;
  readonly peers: readonly string[];
  readonly advertise: string | undefined;
  readonly membership: boolean;
  readonly metadata: string;
  readonly sampler: Sampler;
  readonly probeIntervalMs: number;
  readonly memberRetentionMs: number;
  readonly mode: GossipMode;
  readonly gossipIntervalMs: number;
  readonly gossipFanout: number;
  readonly rumours: boolean;
  readonly rumourIntervalMs: number;
  readonly rumourFanout: number;
  readonly rumourCounter: number;
  readonly sessionTimeoutMs: number;
  readonly auditIntervalMs: number;
  readonly scrubIntervalMs: number;
  readonly compression: Compression;
  readonly tls: CertificatePaths | undefined;
  readonly servedBytesPerSecond: number | undefined;
}

const COMPRESSIONS: readonly Compression[] = ['auto', 'always', 'never'];

const STORE_FIELDS = [
  'dir',
  'nodeId',
  'clusterId',
  'durability',
  'tombstoneTtlMs',
  'maxDriftMs',
  'dotCacheBytes',
  'log',
  'limits',
  'signal',
] as const;

const NODE_FIELDS = [
  ...STORE_FIELDS,
  'listen',
  'peers',
  'advertise',
  'membership',
  'metadata',
  'sampler',
  'probeIntervalMs',
  'memberRetentionMs',
  'mode',
  'gossipIntervalMs',
  'gossipFanout',
  'rumours',
  'rumourIntervalMs',
  'rumourFanout',
  'rumourCounter',
  'sessionTimeoutMs',
  'auditIntervalMs',
  'scrubIntervalMs',
  'compression',
  'servedBytesPerSecond',
  'tlsCert',
  'tlsKey',
  'tlsCa',
  'insecureNetwork',
] as const;

export function checkStoreOptions(options: StoreOptions): CheckedStoreOptions {
  checkFields(options, STORE_FIELDS);
  return checkCommon(options);
}

export function checkNodeOptions(options: NodeOptions): CheckedNodeOptions {
  checkFields(options, NODE_FIELDS);
  const { insecureNetwork = false, compression = 'auto', rumours = true, membership = true } = options;
  if (typeof membership !== 'boolean') throw invalid('membership', 'must be true or false');
  if (typeof rumours !== 'boolean') throw invalid('rumours', 'must be true or false');
  if (typeof insecureNetwork !== 'boolean') throw invalid('insecureNetwork', 'must be true or false');
  if (!COMPRESSIONS.includes(compression)) throw invalid('compression', `must be ${COMPRESSIONS.join(', ')}`);
  const tls = checkTls(options);
  const mayListen = insecureNetwork || tls !== undefined;
  return {
    ...checkCommon(options),
    listen: checkListen(options.listen === undefined ? '127.0.0.1:0' : options.listen, mayListen),
    peers: checkPeers(options.peers === undefined ? [] : options.peers),
    advertise: checkAdvertise(options.advertise),
    membership,
    metadata: checkMetadata(options.metadata === undefined ? '' : options.metadata, membership),
    sampler: checkSampler(options.sampler === undefined ? 'full' : options.sampler, membership),
    probeIntervalMs: integer('probeIntervalMs', options.probeIntervalMs, 1000, 100, 60_000),
    memberRetentionMs: integer(
      'memberRetentionMs',
      options.memberRetentionMs,
      3 * DAY_MS,
      1000,
      365 * DAY_MS,
    ),
    mode: checkMode(options.mode === undefined ? 'push-pull' : options.mode),
    gossipIntervalMs: integer('gossipIntervalMs', options.gossipIntervalMs, 1000, 10, DELAY_MS_MAX / 2),
    gossipFanout: integer('gossipFanout', options.gossipFanout, 3, 1, 1000),
    rumours,
    rumourIntervalMs: integer('rumourIntervalMs', options.rumourIntervalMs, 20, 1, 60_000),
    rumourFanout: integer('rumourFanout', options.rumourFanout, 3, 1, 1000),
    rumourCounter: integer('rumourCounter', options.rumourCounter, 4, 1, 1000),
    sessionTimeoutMs: integer('sessionTimeoutMs', options.sessionTimeoutMs, 30_000, 1000, DELAY_MS_MAX),
    auditIntervalMs: integer('auditIntervalMs', options.auditIntervalMs, DAY_MS, 1000, DELAY_MS_MAX),
    scrubIntervalMs: integer('scrubIntervalMs', options.scrubIntervalMs, DAY_MS, 1000, DELAY_MS_MAX),
    compression,
    tls,
    servedBytesPerSecond: checkRate(options.servedBytesPerSecond),
  };
}

/** All three or none. */
function checkTls({ tlsCert: cert, tlsKey: key, tlsCa: ca }: NodeOptions): CertificatePaths | undefined {
  const fields = { tlsCert: cert, tlsKey: key, tlsCa: ca };
  for (const [field, path] of Object.entries(fields)) {
    if (path !== undefined && (typeof path !== 'string' || path === ''))
      throw invalid(field, 'must name a file');
  }
  if (cert === undefined && key === undefined && ca === undefined) return undefined;
  if (cert !== undefined && key !== undefined && ca !== undefined) return { cert, key, ca };
  throw new BoatoError(
    'INVALID_OPTION',
    'TLS takes three files: `tlsCert` (--tls-cert), `tlsKey` (--tls-key) and `tlsCa` (--tls-ca) are given together, or none of them.',
  );
}

function checkRate(bytesPerSecond: unknown): number | undefined {
  if (bytesPerSecond === undefined) return undefined;
  return integer('servedBytesPerSecond', bytesPerSecond, 0, SERVED_BYTES_PER_SECOND_MIN, 1024 * MIB * 1024);
}

function checkCommon(options: StoreOptions): CheckedStoreOptions {
  const { dir, durability = 'fsync', log = silentLog } = options;
  if (typeof dir !== 'string' || dir === '') throw invalid('dir', 'must name a folder');
  if (durability !== 'fsync' && durability !== 'os') throw invalid('durability', "must be 'fsync' or 'os'");
  return {
    dir,
    nodeId: name('nodeId', options.nodeId),
    clusterId: name('clusterId', options.clusterId),
    durability,
    tombstoneTtlMs: integer('tombstoneTtlMs', options.tombstoneTtlMs, DAY_MS, 1, Number.MAX_SAFE_INTEGER),
    maxDriftMs: integer('maxDriftMs', options.maxDriftMs, 60_000, 1000, DAY_MS),
    dotCacheBytes: integer('dotCacheBytes', options.dotCacheBytes, 64 * MIB, 0, 4096 * MIB),
    log: checkLog(log),
    limits: checkLimits(options.limits === undefined ? {} : options.limits),
    signal: checkSignal(options.signal),
  };
}

function checkLog(log: unknown): Log {
  const isLog = LOG_METHODS.every(
    (method) => typeof (log as Record<string, unknown> | null)?.[method] === 'function',
  );
  if (isLog) return log as Log;
  throw invalid('log', `must have the methods ${LOG_METHODS.join(', ')}`);
}

function checkLimits(limits: unknown): Limits {
  if (typeof limits !== 'object' || limits === null || Array.isArray(limits))
    throw invalid('limits', 'must be an object');
  const known = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];
  const given = limits as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((field) => !known.includes(field as keyof Limits));
  if (unknown !== undefined)
    throw invalid(`limits.${unknown}`, `is not known; known are ${known.join(', ')}`);
  const checked = known.map((field) => {
    const max = DEFAULT_LIMITS[field];
    return [field, integer(`limits.${field}`, given[field], max, 1, max)] as const;
  });
  return Object.fromEntries(checked) as unknown as Limits;
}

function checkFields(options: unknown, fields: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new BoatoError('INVALID_OPTION', 'The options must be an object with at least `dir`.');
  }
  checkKnown(options, fields);
}

/** Fails with `INVALID_OPTION` for what is not an object, or has other fields: a misspelt one must not be ignored. */
export function checkKnown(options: unknown, fields: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new BoatoError('INVALID_OPTION', 'The options must be an object.');
  }
  const unknown = Object.keys(options).find((field) => !fields.includes(field));
  if (unknown === undefined) return;
  const known = fields.length === 0 ? 'none is here' : `known are ${fields.join(', ')}`;
  throw invalid(unknown, `is not known; ${known}`);
}

function checkListen(listen: unknown, mayListen: boolean): string {
  if (typeof listen !== 'string') throw invalid('listen', 'must be a string of the form host:port');
  const { host, port } = addressOf('listen', listen);
  if (!isLoopback(host) && !mayListen) {
    throw new BoatoError(
      'INSECURE_NETWORK',
      `Listening on ${listen} would let anyone who reaches it read and write everything, because connections are not encrypted: listen on 127.0.0.1, give the node certificates (tlsCert, --tls-cert), or say insecureNetwork (--insecure-network) if the network is private.`,
    );
  }
  return formatAddress(host, port);
}

/** Addresses, or names of hosts, of other nodes. */
export function checkPeers(peers: unknown, field: string = 'peers'): readonly string[] {
  if (!Array.isArray(peers)) throw invalid(field, 'must be a list of host:port');
  return peers.map((peer: unknown) => {
    if (typeof peer !== 'string') throw invalid(field, 'must be a list of host:port');
    if (isPortless(peer)) return peer;
    const { host, port } = addressOf(field, peer);
    if (port === 0) throw invalid(field, `must name the port of ${peer}; 0 is none`);
    return formatAddress(host, port);
  });
}

function checkAdvertise(advertise: unknown): string | undefined {
  if (advertise === undefined) return undefined;
  if (isHostPort(advertise) && !isWildcard(hostOf(advertise))) return advertise;
  throw invalid('advertise', `must be host:port as other nodes dial it, not ${shown(advertise)}`);
}

function checkMode(mode: unknown): GossipMode {
  const known = GOSSIP_MODES.find((candidate) => candidate === mode);
  if (known !== undefined) return known;
  throw invalid('mode', `must be one of ${GOSSIP_MODES.join(', ')}, not ${shown(mode)}`);
}

function checkSampler(sampler: unknown, membership: boolean): Sampler {
  const known = SAMPLERS.find((candidate) => candidate === sampler);
  if (known === undefined)
    throw invalid('sampler', `must be one of ${SAMPLERS.join(', ')}, not ${shown(sampler)}`);
  if (known === 'partial' && !membership)
    throw invalid('sampler', 'can be partial only with `membership`, which tells where members are');
  return known;
}

function checkMetadata(metadata: unknown, membership: boolean): string {
  if (typeof metadata !== 'string' || !isWellFormed(metadata))
    throw invalid('metadata', 'must be a string without lone surrogates');
  const bytes = Buffer.byteLength(metadata);
  if (bytes > METADATA_BYTES_MAX)
    throw invalid('metadata', `takes ${METADATA_BYTES_MAX} bytes of UTF-8 at most, not ${bytes}`);
  if (bytes > 0 && !membership)
    throw invalid('metadata', 'can be given only with `membership`, which tells it to others');
  return metadata;
}

function addressOf(field: string, text: string): Address {
  try {
    return parseAddress(text);
  } catch (error) {
    if (!(error instanceof BoatoError)) throw error;
    throw new BoatoError('INVALID_OPTION', `The option \`${field}\` is wrong: ${error.message}`, {
      cause: error,
    });
  }
}

/**
 * The settings of a node. A new one is an entry here and its type in `Settings`: option, variable, key of the file, help and
 * `store config` follow from it. What is not for `openNode` is named in `node-options.ts`, too.
 */

import { DEFAULT_LIMITS, type Limits } from '../../core/limits.ts';
import { GOSSIP_MODES } from '../../gossip/mode.ts';
import { SAMPLERS } from '../../gossip/partners.ts';
import { SERVED_BYTES_PER_SECOND_MIN } from '../../gossip/pacing.ts';
import { METADATA_BYTES_MAX } from '../../membership/member.ts';
import type { NodeOptions } from '../../node/api.ts';
import {
  ADDRESS,
  choice,
  duration,
  FILE,
  FOLDER,
  HOST,
  type Kind,
  NAME,
  PEERS,
  size,
  SWITCH,
  shortText,
  wholeNumber,
} from './kinds.ts';

export interface Setting<Value> {
  /** In the file; `--key` on the command line and `STORE_KEY` in the environment. */
  readonly key: string;
  /** The option in place of `key`: one that is repeated is in the singular. */
  readonly option?: string;
  readonly kind: Kind<Value>;
  /** A few words for the help. */
  readonly about: string;
  readonly byDefault?: Value;
  /** What holds by default, in words, where the value does not say it. */
  readonly otherwise?: string;
}

/** Fields that go to `openNode` as they are. */
type OfNode =
  | 'peers'
  | 'membership'
  | 'metadata'
  | 'sampler'
  | 'probeIntervalMs'
  | 'memberRetentionMs'
  | 'gossipIntervalMs'
  | 'gossipFanout'
  | 'rumours'
  | 'rumourIntervalMs'
  | 'rumourFanout'
  | 'rumourCounter'
  | 'mode'
  | 'tombstoneTtlMs'
  | 'maxDriftMs'
  | 'sessionTimeoutMs'
  | 'auditIntervalMs'
  | 'scrubIntervalMs'
  | 'durability'
  | 'dotCacheBytes'
  | 'compression'
  | 'insecureNetwork';

type OptionalOfNode =
  | 'nodeId'
  | 'clusterId'
  | 'advertise'
  | 'servedBytesPerSecond'
  | 'tlsCert'
  | 'tlsKey'
  | 'tlsCa';

/** Those of `adapters/pino-log.ts`, which most commands do not load. */
const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export interface Settings
  extends Required<Pick<NodeOptions, OfNode>>, Pick<NodeOptions, OptionalOfNode>, Limits {
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly logChanges: boolean;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly printStateMs?: number;
}

export type SettingName = keyof Settings;

const SECOND_MS = 1000;
const DAY_MS = 86_400_000;
/** Whole days below the longest delay of a timer, 2^31 - 1 ms. */
const DELAY_MS_MAX = 24 * DAY_MS;
const MIB = 2 ** 20;

/** In the order in which people see them. Defaults and ranges are those of `openNode`, or narrower. */
export const SETTINGS: { readonly [Name in SettingName]-?: Setting<NonNullable<Settings[Name]>> } = {
  data: { key: 'data', kind: FOLDER, about: 'folder of the node', byDefault: 'data/node' },
  nodeId: {
    key: 'name',
    kind: NAME,
    about: 'lasting name of the node',
    otherwise: "the folder's, or a random one for a new node",
  },
  clusterId: {
    key: 'cluster',
    kind: NAME,
    about: 'nodes of other clusters are refused',
    otherwise: "the folder's, or `default` for a new node",
  },
  host: { key: 'host', kind: HOST, about: 'address or name to listen on', byDefault: '127.0.0.1' },
  port: {
    key: 'port',
    kind: wholeNumber(0, 65_535),
    about: 'where peers reach it; 0 takes any free one',
    byDefault: 7531,
  },
  peers: {
    key: 'peers',
    option: 'peer',
    kind: PEERS,
    about: 'another node to join; repeatable (IPv6 in brackets; names may stand for several nodes)',
    byDefault: [],
    otherwise: 'none',
  },
  advertise: {
    key: 'advertise',
    kind: ADDRESS,
    about: 'where peers reach it, if not where it listens',
    otherwise: 'where it listens, or as peers see it if that is everywhere',
  },
  membership: {
    key: 'membership',
    kind: SWITCH,
    about: 'without, peers are those that are named, and nodes neither tell of nor watch each other',
    byDefault: true,
  },
  metadata: {
    key: 'metadata',
    kind: shortText(METADATA_BYTES_MAX),
    about: 'what the node tells all others of itself, as `store members --json` shows it',
    byDefault: '',
    otherwise: 'nothing',
  },
  sampler: {
    key: 'sampler',
    kind: choice('<sampler>', SAMPLERS),
    about: 'with which members links are kept: full, with all; partial, with a few',
    byDefault: 'full',
  },
  probeIntervalMs: {
    key: 'probe-interval',
    kind: duration(100, 60 * SECOND_MS),
    about: 'time between two probes of a member',
    byDefault: SECOND_MS,
  },
  memberRetentionMs: {
    key: 'member-retention',
    kind: duration(SECOND_MS, 365 * DAY_MS),
    about: 'how long members that are down are remembered and dialled',
    byDefault: 3 * DAY_MS,
  },
  gossipIntervalMs: {
    key: 'gossip-interval',
    kind: duration(10, DAY_MS),
    about: 'time between rounds',
    byDefault: SECOND_MS,
  },
  gossipFanout: { key: 'fanout', kind: wholeNumber(1, 1000), about: 'peers in a round', byDefault: 3 },
  rumours: {
    key: 'rumours',
    kind: SWITCH,
    about: 'without, writes wait for rounds, instead of going at once to a few peers that pass them on',
    byDefault: true,
  },
  rumourIntervalMs: {
    key: 'rumour-interval',
    kind: duration(1, 60 * SECOND_MS),
    about: 'time between two tellings of what is news',
    byDefault: 20,
  },
  rumourFanout: {
    key: 'rumour-fanout',
    kind: wholeNumber(1, 1000),
    about: 'peers that are told of news each time',
    byDefault: 3,
  },
  rumourCounter: {
    key: 'rumour-counter',
    kind: wholeNumber(1, 1000),
    about: 'peers in a row that knew a rumour and end it',
    byDefault: 4,
  },
  mode: {
    key: 'mode',
    kind: choice('<mode>', GOSSIP_MODES),
    about: 'in which rounds this node pulls: pull, its own; push, those of its peers; push-pull, both',
    byDefault: 'push-pull',
  },
  tombstoneTtlMs: {
    key: 'tombstone-ttl',
    kind: duration(1),
    about: 'how long deletions are kept, the same in the whole cluster',
    byDefault: DAY_MS,
  },
  maxDriftMs: {
    key: 'max-drift',
    kind: duration(SECOND_MS, DAY_MS),
    about: 'unit of what clocks may be off, the same in the whole cluster',
    byDefault: 60 * SECOND_MS,
  },
  sessionTimeoutMs: {
    key: 'session-timeout',
    kind: duration(SECOND_MS, DELAY_MS_MAX),
    about: 'how long a session that is served outlives its last message',
    byDefault: 30 * SECOND_MS,
  },
  auditIntervalMs: {
    key: 'audit-interval',
    kind: duration(SECOND_MS, DELAY_MS_MAX),
    about: 'time between comparisons with a random peer though nothing seems to differ',
    byDefault: DAY_MS,
  },
  scrubIntervalMs: {
    key: 'scrub-interval',
    kind: duration(SECOND_MS, DELAY_MS_MAX),
    about: 'time between checks of all entries on the own disk',
    byDefault: DAY_MS,
  },
  durability: {
    key: 'durability',
    kind: choice('<kind>', ['fsync', 'os']),
    about: 'fsync: writes survive power loss; os: they survive the process only',
    byDefault: 'fsync',
  },
  dotCacheBytes: {
    key: 'dot-cache',
    kind: size(0, 4096 * MIB),
    about: 'memory that spares writes a read',
    byDefault: 64 * MIB,
  },
  keyBytesMax: {
    key: 'max-key',
    kind: size(1, DEFAULT_LIMITS.keyBytesMax),
    about: 'longest key that is written here',
    byDefault: DEFAULT_LIMITS.keyBytesMax,
  },
  valueBytesMax: {
    key: 'max-value',
    kind: size(1, DEFAULT_LIMITS.valueBytesMax),
    about: 'largest value that is written here, packed',
    byDefault: DEFAULT_LIMITS.valueBytesMax,
  },
  batchBytesMax: {
    key: 'max-batch',
    kind: size(1, DEFAULT_LIMITS.batchBytesMax),
    about: 'largest batch that is written here, packed',
    byDefault: DEFAULT_LIMITS.batchBytesMax,
  },
  batchEntriesMax: {
    key: 'max-batch-entries',
    kind: wholeNumber(1, DEFAULT_LIMITS.batchEntriesMax),
    about: 'most operations of a batch that is written here',
    byDefault: DEFAULT_LIMITS.batchEntriesMax,
  },
  compression: {
    key: 'compression',
    kind: choice('<when>', ['auto', 'always', 'never']),
    about: 'auto: entries travel compressed where they would have to be waited for',
    byDefault: 'auto',
  },
  servedBytesPerSecond: {
    key: 'max-serve-rate',
    kind: size(SERVED_BYTES_PER_SECOND_MIN, 1024 * 1024 * MIB),
    about: 'what each peer is served at most in a second',
    otherwise: 'no limit',
  },
  tlsCert: {
    key: 'tls-cert',
    kind: FILE,
    about: "the node's certificate: TLS with all peers, together with --tls-key and --tls-ca",
    otherwise: 'none',
  },
  tlsKey: { key: 'tls-key', kind: FILE, about: 'the key of --tls-cert', otherwise: 'none' },
  tlsCa: {
    key: 'tls-ca',
    kind: FILE,
    about: 'authorities whose certificates are taken, one or more',
    otherwise: 'none',
  },
  insecureNetwork: {
    key: 'insecure-network',
    kind: SWITCH,
    about: 'listen beyond this machine without TLS: who reaches it can read and write everything',
    byDefault: false,
  },
  logChanges: {
    key: 'log-changes',
    kind: SWITCH,
    about: 'print a line for each change that arrives, as `store watch` does',
    byDefault: false,
  },
  logLevel: {
    key: 'log-level',
    kind: choice('<level>', LOG_LEVELS),
    about: 'what goes to standard error',
    byDefault: 'info',
  },
  printStateMs: {
    key: 'print-state',
    kind: duration(100, DAY_MS),
    about: 'time between lines on standard error that tell the state',
    otherwise: 'never',
  },
};

export const SETTING_NAMES: readonly SettingName[] = Object.keys(SETTINGS) as SettingName[];

/** The variable that may hold it. */
export function variableOf({ key }: Pick<Setting<unknown>, 'key'>): string {
  return `STORE_${key.toUpperCase().replaceAll('-', '_')}`;
}

export function optionOf({ key, option = key }: Pick<Setting<unknown>, 'key' | 'option'>): string {
  return `--${option}`;
}

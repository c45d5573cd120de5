/** `store serve`: the command line of a node. */

import type { Command } from 'commander';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import {
  choiceOption,
  durationOption,
  hostOption,
  nameOption,
  peerOption,
  wholeNumberOption,
} from './option-values.ts';

const DAY_MS = 86_400_000;

export const DURABILITIES = ['fsync', 'os'] as const;

/** Those of `adapters/pino-log.ts`, which the other commands do not load. */
const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** What is absent has the default of `openNode`, which the descriptions repeat. */
export interface ServeOptions extends BaseOptions {
  readonly port: number;
  readonly host: string;
  readonly peer?: readonly string[];
  readonly name?: string;
  readonly cluster?: string;
  readonly gossipInterval?: number;
  readonly fanout?: number;
  readonly tombstoneTtl?: number;
  readonly maxDrift?: number;
  readonly durability?: (typeof DURABILITIES)[number];
  readonly insecureNetwork?: true;
  readonly compression: boolean;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

export function serveCommand(run: Run): Command {
  return baseCommand('serve', 'run a node of the folder, until Ctrl-C', [
    'store serve',
    'store serve --data /tmp/a --port 7531 --peer 127.0.0.1:7532 --peer 127.0.0.1:7533',
    'store serve --data /tmp/b --port 0 --name b --tombstone-ttl 1h --json',
  ])
    .option(
      '--port <number>',
      'where peers reach it; 0 takes any free one',
      wholeNumberOption('--port', 0, 65_535),
      7531,
    )
    .option('--host <host>', 'address or name to listen on', hostOption, '127.0.0.1')
    .option('--peer <host:port>', 'another node; repeatable (IPv6 in brackets)', peerOption)
    .option('--name <name>', 'lasting name of a new node; a random one by default', nameOption('--name'))
    .option(
      '--cluster <name>',
      'nodes of other clusters are refused (default: default)',
      nameOption('--cluster'),
    )
    .option(
      '--gossip-interval <duration>',
      'time between rounds (default: 1s)',
      durationOption('--gossip-interval', 10, DAY_MS),
    )
    .option('--fanout <number>', 'peers in a round (default: 3)', wholeNumberOption('--fanout', 1, 1000))
    .option(
      '--tombstone-ttl <duration>',
      'how long deletions are kept, the same in the whole cluster (default: 24h)',
      durationOption('--tombstone-ttl'),
    )
    .option(
      '--max-drift <duration>',
      'unit of what clocks may be off (default: 60s)',
      durationOption('--max-drift', 1000, DAY_MS),
    )
    .option(
      '--durability <kind>',
      'fsync: writes survive power loss; os: they survive the process only (default: fsync)',
      choiceOption('--durability', DURABILITIES),
    )
    .option('--no-compression', 'neither send nor ask for compressed entries')
    .option('--insecure-network', 'listen beyond this machine: who reaches it can read and write everything')
    .option(
      '--log-level <level>',
      'what goes to standard error',
      choiceOption('--log-level', LOG_LEVELS),
      'info',
    )
    .action(async (options: ServeOptions) => {
      // Loaded here: what a node needs would slow down all other commands.
      const { runNode } = await import('./run-node.ts');
      await runNode(options, run.out);
    });
}

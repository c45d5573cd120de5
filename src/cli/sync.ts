/** `store sync`: makes the running node exchange with its peers now. */

import type { Command } from 'commander';
import type { SyncResult } from '../node/api.ts';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { failure, usageError } from './cli-error.ts';
import { withStore } from './connect.ts';
import { durationOption } from './option-values.ts';
import type { StoreClient } from './store-client.ts';
import { counted, size } from './units.ts';
import { showingTime } from './waiting.ts';

interface Options extends BaseOptions {
  readonly wait?: true;
  readonly timeout?: number;
}

export function syncCommand(run: Run): Command {
  return baseCommand('sync', 'exchange with all peers of the running node now', [
    'store sync',
    'store sync --wait --timeout 30s',
    'store sync --wait --json',
  ])
    .option('--wait', 'until all known peers hold what this node holds')
    .option('--timeout <duration>', 'with --wait: fail after this time', durationOption('--timeout'))
    .action(async (options: Options) => {
      const { wait = false, timeout } = options;
      if (timeout !== undefined && !wait)
        throw usageError('--timeout needs --wait: a single round has limits of its own.');
      const request = timeout === undefined ? { wait } : { wait, timeoutMs: timeout };
      const syncing = withStore(options.data, 'running', async (store) => {
        const counts = await store.sync(request);
        return { result: counts, reached: await hasReached(store, counts) };
      });
      const { result, reached } = await showingTime('exchanging', syncing);
      if (options.json === true) await run.out.json(result);
      else if (reached) await run.out.line(syncText(result));
      if (!reached) throw failure(unreachedText(result));
    });
}

/** With or without `--wait`, a peer in sync is one that holds what this node holds; it may hold more. */
export function syncText({ inSync, peers, entriesReceived, bytesReceived, bytesSent }: SyncResult): string {
  const received = `received ${counted(entriesReceived, 'entry', 'entries')} (${size(bytesReceived)})`;
  const holds = inSync === 1 ? 'holds' : 'hold';
  return `${inSync} of ${counted(peers, 'peer', 'peers')} ${holds} what this node holds, ${received}, sent ${size(bytesSent)}`;
}

export function unreachedText({ peers }: SyncResult): string {
  if (peers === 0)
    return 'The node has no peers: start it with --peer HOST:PORT, or start a peer that names it.';
  const none = peers === 1 ? 'The only peer' : `None of the ${peers} peers`;
  return `${none} could ${peers === 1 ? 'not ' : ''}be reached: \`store status\` says why.`;
}

/** A peer that is in sync has been reached; of the others the node knows whether it has a connection. */
async function hasReached(store: StoreClient, { peers, inSync }: SyncResult): Promise<boolean> {
  if (peers === 0) return false;
  if (inSync > 0) return true;
  const status = await store.status();
  return 'peers' in status && status.peers.some(({ state }) => state === 'connected');
}

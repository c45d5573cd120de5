/** `store watch`: prints what changes at the running node, until Ctrl-C. */

import type { Command } from 'commander';
import { shownChange } from '../server/change-format.ts';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { changeText } from './change-text.ts';
import { withStore } from './connect.ts';
import { follow } from './follow.ts';
import type { StoreClient, WatchRequest } from './store-client.ts';

const ENDED = 'The node stopped: watch again with --since once it runs.';

interface Options extends BaseOptions {
  readonly since?: string;
}

export function watchCommand(run: Run): Command {
  return baseCommand(
    'watch',
    'print what changes at the running node: put, del or expired, whence, key and value, a tab between them',
    ['store watch', 'store watch user/ --json', 'store watch --since "$TOKEN"'],
  )
    .argument('[prefix]', 'how the keys begin', '')
    .option('--since <token>', 'go on where an earlier watch ended, at this node or another')
    .action(async (prefix: string, { data, since, json }: Options) => {
      const request = since === undefined ? { prefix } : { prefix, since };
      await withStore(data, 'running', (store) => watch(store, request, json === true, run));
    });
}

async function watch(store: StoreClient, request: WatchRequest, isJson: boolean, run: Run): Promise<void> {
  let token = request.since;
  const changes = store.watch(request, (latest) => (token = latest));
  try {
    await follow(changes, run, ENDED, async (change) => {
      if (change !== 'begun')
        return run.out.line(isJson ? JSON.stringify(shownChange(change)) : changeText(change));
      return isJson ? run.out.json({ op: change, token }) : undefined;
    });
  } finally {
    if (!isJson && token !== undefined && token !== request.since)
      process.stderr.write(`store: To go on from here: store watch --since ${token}\n`);
  }
}

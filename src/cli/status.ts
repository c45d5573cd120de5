/** `store status`: what the store holds, and how its node stands with its peers. */

import type { Command } from 'commander';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { withStore } from './connect.ts';
import { statusText } from './status-text.ts';

export function statusCommand(run: Run): Command {
  return baseCommand('status', 'print peers, their lag, sessions, counts, versions and warnings', [
    'store status',
    'store status --data /tmp/a --json',
  ]).action(async (options: BaseOptions) => {
    const { status, running } = await withStore(options.data, 'existing', async (store) => {
      return { status: await store.status(), running: store.running };
    });
    await (options.json === true ? run.out.json(status) : run.out.add(statusText(status, running)));
    await run.out.flush();
  });
}

/** `store members`: who belongs to the cluster, as the running node sees it. */

import type { Command } from 'commander';
import type { Member } from '../node/api.ts';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import type { MemberChange } from './cluster-client.ts';
import { withCluster } from './connect.ts';
import { follow } from './follow.ts';
import { lookOf } from './look.ts';
import { membersText } from './members-text.ts';

const ENDED = 'The node stopped: watch again once it runs.';

interface Options extends BaseOptions {
  readonly watch?: true;
}

export function membersCommand(run: Run): Command {
  return baseCommand('members', 'print the members of the cluster, as the running node sees them', [
    'store members',
    'store members --watch',
    'store members --watch --json',
  ])
    .option('--watch', 'then a line for each change, until Ctrl-C')
    .action(async ({ data, watch, json }: Options) => {
      await withCluster(data, async (cluster) => {
        if (watch === true)
          return follow(cluster.changes(), run, ENDED, (change) => tell(change, json === true, run));
        const members = await cluster.members();
        if (json === true) return run.out.json({ members });
        return print(members, run);
      });
    });
}

async function print(members: readonly Member[], run: Run): Promise<void> {
  await run.out.add(membersText(members, lookOf(process.stdout)));
  await run.out.flush();
}

async function tell(change: MemberChange, isJson: boolean, run: Run): Promise<void> {
  if (isJson) return run.out.json(change);
  if (change.event === 'members') return print(change.members, run);
  const { nodeId, address } = change.member;
  return run.out.line(`${new Date().toISOString()} ${nodeId} ${change.event} ${address}`);
}

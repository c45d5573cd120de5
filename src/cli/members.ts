/** `store members`: who belongs to the cluster, as the running node sees it. */

import type { Command } from 'commander';
import type { Member } from '../node/api.ts';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import type { ClusterClient, MemberChange } from './cluster-client.ts';
import { failure } from './cli-error.ts';
import { withCluster } from './connect.ts';
import { lookOf } from './look.ts';
import { membersText } from './members-text.ts';
import { catchSignals, exitCodeOfSignal } from './signals.ts';

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
        if (watch === true) return watchMembers(cluster, json === true, run);
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

async function watchMembers(cluster: ClusterClient, isJson: boolean, run: Run): Promise<void> {
  let stop: () => void = () => {};
  const stopped = new Promise<undefined>((resolve) => (stop = () => resolve(undefined)));
  const letGo = catchSignals((signal) => {
    run.exitCode = exitCodeOfSignal(signal);
    stop();
  });
  const changes = cluster.changes();
  try {
    for (;;) {
      const next = changes.next();
      // Closing the connection fails what nobody waits for any more.
      next.catch(() => undefined);
      const change = await Promise.race([next, stopped]);
      if (change === undefined) return;
      if (change.done === true) throw failure('The node stopped: watch again once it runs.');
      await tell(change.value, isJson, run);
    }
  } finally {
    letGo();
  }
}

async function tell(change: MemberChange, isJson: boolean, run: Run): Promise<void> {
  if (isJson) return run.out.json(change);
  if (change.event === 'members') return print(change.members, run);
  const { nodeId, address } = change.member;
  return run.out.line(`${new Date().toISOString()} ${nodeId} ${change.event} ${address}`);
}

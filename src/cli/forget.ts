/** `store forget`: takes a node that is gone for good out of the cluster, on all nodes. */

import type { Command } from 'commander';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { withCluster } from './connect.ts';
import { nameOption } from './option-values.ts';

export function forgetCommand(run: Run): Command {
  return baseCommand(
    'forget',
    'remove a member that is gone for good, on all nodes; refused for one that lives',
    ['store forget b', 'store forget b --data /tmp/a --json'],
  )
    .argument('<node>', 'its name, as `store members` shows it', nameOption('NODE'))
    .action(async (nodeId: string, { data, json }: BaseOptions) => {
      await withCluster(data, (cluster) => cluster.forget(nodeId));
      if (json === true) await run.out.json({ forgotten: nodeId });
      else await run.out.line(`forgot ${nodeId}`);
    });
}

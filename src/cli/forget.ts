/** `store forget`: takes a node that is gone for good out of the cluster, on all nodes. */

import type { Command } from 'commander';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { withCluster } from './connect.ts';
import { nameOption } from './option-values.ts';

interface Options extends BaseOptions {
  readonly forEver?: boolean;
}

export function forgetCommand(run: Run): Command {
  return baseCommand(
    'forget',
    'remove a member that is gone for good, on all nodes; refused for one that lives',
    ['store forget b', 'store forget b --for-ever', 'store forget b --data /tmp/a --json'],
  )
    .argument('<node>', 'its name, as `store members` shows it', nameOption('NODE'))
    .option(
      '--for-ever',
      'let nobody of that name in again, and keep one record of it instead of one for each of its runs; every other member must be up',
    )
    .action(async (nodeId: string, { data, json, forEver = false }: Options) => {
      const { runs } = await withCluster(data, (cluster) => cluster.forget(nodeId, forEver));
      if (json === true) return run.out.json({ forgotten: nodeId, ...(forEver ? { runs } : {}) });
      const forgot = `forgot ${nodeId}${forEver ? ' for ever' : ''}`;
      const record = `one record is left of ${runs} run${runs === 1 ? '' : 's'}`;
      return run.out.line(runs === 0 ? forgot : `${forgot}: ${record}`);
    });
}

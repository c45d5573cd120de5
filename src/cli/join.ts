/** `store join`: makes the running node a member of the cluster of others. */

import type { Command } from 'commander';
import type { JoinResult } from '../node/api.ts';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { failure } from './cli-error.ts';
import { withCluster } from './connect.ts';
import { durationOption, peersOption } from './option-values.ts';
import { counted } from './units.ts';
import { showingTime } from './waiting.ts';

const DAY_MS = 86_400_000;

interface Options extends BaseOptions {
  readonly timeout?: number;
}

export function joinCommand(run: Run): Command {
  return baseCommand(
    'join',
    'join the cluster of other nodes: one of them is enough, and is dialled from now on, over restarts, too',
    ['store join 10.0.0.1:7531', 'store join boato.example.org --timeout 30s'],
  )
    .argument('<address...>', 'HOST:PORT, or a name that is looked up', addressesArgument)
    .option(
      '--timeout <duration>',
      'fail after this time (default: 10s)',
      durationOption('--timeout', 1, DAY_MS),
    )
    .action(async (addresses: readonly string[], { data, timeout, json }: Options) => {
      const joining = withCluster(data, (cluster) => cluster.join(addresses, timeout));
      const result = await showingTime('joining', joining);
      if (json === true) await run.out.json(result);
      else if (result.reached.length > 0) await run.out.line(joinText(result));
      if (result.reached.length === 0) throw failure(unreachedText(result));
    });
}

function addressesArgument(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), ...peersOption('ADDRESS')(text)];
}

export function joinText({ reached, unreached }: JoinResult): string {
  const joined = `joined at ${reached.join(', ')}`;
  if (unreached.length === 0) return joined;
  return `${joined}; ${counted(unreached.length, 'address', 'addresses')} not reached yet: ${unreached.map(({ address }) => address).join(', ')}`;
}

export function unreachedText({ unreached }: JoinResult): string {
  const whys = unreached.map(({ address, reason }) => `${address}: ${reason}`);
  return `Nobody was reached; the node goes on trying. ${whys.join(' ')}`;
}

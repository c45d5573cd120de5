/** `store certs`: the certificates with which the nodes of a cluster know each other. */

import { Command } from 'commander';
import { examplesText, type Run } from './base-command.ts';
import { certsInitCommand } from './certs-init.ts';
import { certsNodeCommand } from './certs-node.ts';

export function certsCommand(run: Run): Command {
  return new Command('certs')
    .description('make the certificates with which the nodes of a cluster know each other')
    .addCommand(certsInitCommand(run))
    .addCommand(certsNodeCommand(run))
    .addHelpText('after', examplesText(['store certs init', 'store certs node lisboa']));
}

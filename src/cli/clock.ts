/** `store clock`: what is done about a clock that was wrong. */

import { Command } from 'commander';
import { examplesText, type Run } from './base-command.ts';
import { clockRepairCommand } from './clock-repair.ts';

export function clockCommand(run: Run): Command {
  return new Command('clock')
    .description('repair what a wrong clock has written')
    .addCommand(clockRepairCommand(run))
    .addHelpText('after', examplesText(['store clock repair']));
}

/** `store count`: prints how many live entries there are. */

import type { Command } from 'commander';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { withStore } from './connect.ts';

export function countCommand(run: Run): Command {
  return baseCommand('count', 'print how many keys have a value', ['store count', 'store count user/ --json'])
    .argument('[prefix]', 'how the keys begin', '')
    .action(async (prefix: string, options: BaseOptions) => {
      const count = await withStore(options.data, 'existing', (store) => store.count(prefix));
      await (options.json === true ? run.out.json({ count }) : run.out.line(String(count)));
    });
}

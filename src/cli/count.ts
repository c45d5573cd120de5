/** `store count`: prints how many live entries there are. */

import type { Command } from 'commander';
import { type AfterFlags, addAfter, afterOf } from './after-options.ts';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { withStore } from './connect.ts';
import { showingTime } from './waiting.ts';

export function countCommand(run: Run): Command {
  const examples = ['store count', 'store count user/ --json'];
  return addAfter(baseCommand('count', 'print how many keys have a value', examples))
    .argument('[prefix]', 'how the keys begin', '')
    .action(async (prefix: string, options: BaseOptions & AfterFlags) => {
      const after = afterOf(options);
      const count = await showingTime(
        'counting',
        withStore(options.data, 'existing', (store) => store.count(prefix, after)),
      );
      await (options.json === true ? run.out.json({ count }) : run.out.line(String(count)));
    });
}

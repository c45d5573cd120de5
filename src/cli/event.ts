/** `store event`: tells all nodes something that is not stored. */

import type { Command } from 'commander';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { withStore } from './connect.ts';
import { valueArgument } from './option-values.ts';
import { parseTyped, type TextType, typeOption } from './typed-text.ts';

interface Options extends BaseOptions {
  readonly type: TextType;
}

export function eventCommand(run: Run): Command {
  return baseCommand(
    'event',
    'tell all nodes that can be reached something that is not stored: see `store events`',
    ['store event deploy v2.1', `store event cache/clear '["user/1"]' --type json`],
  )
    .argument('<name>', 'name; 1 to 64 of the characters A-Z a-z 0-9 . _ : / -')
    .argument('[payload]', 'at most 8,192 bytes packed; nothing is null', valueArgument)
    .addOption(typeOption('payload'))
    .action(async (name: string, text: string | undefined, { data, type, json }: Options) => {
      const payload = text === undefined ? null : parseTyped(text, type);
      await withStore(data, 'running', (store) => store.broadcast(name, payload));
      if (json === true) await run.out.json({ name });
    });
}

/** `store events`: prints what nodes tell each other by `store event`, until Ctrl-C. */

import type { Command } from 'commander';
import { shownEvent } from '../server/event-format.ts';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { withStore } from './connect.ts';
import { follow } from './follow.ts';
import { escapeControls, valueText } from './printable.ts';

const ENDED = 'The node stopped: run this again once it runs. What is told meanwhile is missed.';

export function eventsCommand(run: Run): Command {
  return baseCommand(
    'events',
    'print what is told by `store event` from now on: name, node and payload, a tab between them',
    ['store events', 'store events --json'],
  ).action(async ({ data, json }: BaseOptions) => {
    await withStore(data, 'running', (store) =>
      follow(store.events(), run, ENDED, async (event) => {
        if (event === 'begun') return json === true ? run.out.json({ begun: true }) : undefined;
        if (json === true) return run.out.json(shownEvent(event));
        const { name, nodeId, payload } = event;
        return run.out.line([name, nodeId, escapeControls(valueText(payload))].join('\t'));
      }),
    );
  });
}

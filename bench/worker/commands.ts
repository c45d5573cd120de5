/** What a process of a benchmark can be asked for. Arguments and results are copied between processes. */

import { closeCopies, copyCommands } from './copy-commands.ts';
import { diskCommands } from './disk-commands.ts';
import { exchangeCommands } from './exchange-commands.ts';
import { loopCommands } from './loop-commands.ts';
import { closeNode, nodeCommands } from './node-commands.ts';
import { closeRaw, rawCommands } from './raw-commands.ts';
import { placeCommands } from './place-commands.ts';
import { closeProbe, probeCommands } from './probe-commands.ts';
import { closeSpeed, speedCommands } from './speed-commands.ts';

export const commands = {
  ...nodeCommands,
  ...rawCommands,
  ...probeCommands,
  ...loopCommands,
  ...speedCommands,
  ...copyCommands,
  ...exchangeCommands,
  ...placeCommands,
  ...diskCommands,

  /** Ends and closes nothing, but leaves the profile that `kill -9` would not. */
  leave: (): void => process.exit(),
};

export type Commands = typeof commands;
export type CommandName = keyof Commands;

export interface Question {
  readonly id: number;
  readonly command: CommandName;
  readonly args: readonly unknown[];
}

export type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };

export async function close(): Promise<void> {
  closeProbe();
  await closeNode();
  await closeRaw();
  await closeSpeed();
  await closeCopies();
}

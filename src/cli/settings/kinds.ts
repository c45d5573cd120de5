/** Kinds of settings: how a value is written on a command line, in the environment and in a file, and how it is shown. */

import {
  addressOption,
  choiceOption,
  durationOption,
  fileOption,
  folderOption,
  hostOption,
  nameOption,
  peersOption,
  sizeOption,
  switchOption,
  textOption,
  wholeNumberOption,
} from '../option-values.ts';
import { exactDuration, exactSize } from '../units.ts';

/** What a value must be in the file. */
export type FileType = 'text' | 'number' | 'switch' | 'list';

export interface Kind<Value> {
  /** What stands behind the option, such as `<duration>`; absent for what is on or off. */
  readonly argument?: string;
  readonly choices?: readonly string[];
  readonly fileType: FileType;
  /** In a file, a relative one is meant from the file's folder. */
  readonly isPath?: true;
  /** Throws one sentence that begins with `place`, such as `--port` or `STORE_PORT`. */
  parse(text: string, place: string): Value;
  /** As `parse` takes it. */
  text(value: Value): string;
}

export const FOLDER: Kind<string> = {
  argument: '<folder>',
  fileType: 'text',
  isPath: true,
  parse: (text, place) => folderOption(place)(text),
  text: String,
};

export const FILE: Kind<string> = {
  argument: '<file>',
  fileType: 'text',
  isPath: true,
  parse: (text, place) => fileOption(place)(text),
  text: String,
};

export const HOST: Kind<string> = {
  argument: '<host>',
  fileType: 'text',
  parse: (text, place) => hostOption(place)(text),
  text: String,
};

export const NAME: Kind<string> = {
  argument: '<name>',
  fileType: 'text',
  parse: (text, place) => nameOption(place)(text),
  text: String,
};

export const ADDRESS: Kind<string> = {
  argument: '<host:port>',
  fileType: 'text',
  parse: (text, place) => addressOption(place)(text),
  text: String,
};

/** Commas may stand between them; on the command line the option may be repeated, too. */
export const PEERS: Kind<readonly string[]> = {
  argument: '<host:port>',
  fileType: 'list',
  parse: (text, place) => peersOption(place)(text),
  text: (peers) => peers.join(','),
};

export function shortText(bytesMax: number): Kind<string> {
  return {
    argument: '<text>',
    fileType: 'text',
    parse: (text, place) => textOption(place, bytesMax)(text),
    text: String,
  };
}

/** `--key` and `--no-key` on the command line. */
export const SWITCH: Kind<boolean> = {
  fileType: 'switch',
  parse: (text, place) => switchOption(place)(text),
  text: String,
};

/** Milliseconds. */
export function duration(minMs: number, maxMs?: number): Kind<number> {
  return {
    argument: '<duration>',
    fileType: 'text',
    parse: (text, place) => durationOption(place, minMs, maxMs)(text),
    text: exactDuration,
  };
}

/** Bytes. */
export function size(minBytes: number, maxBytes: number): Kind<number> {
  return {
    argument: '<size>',
    fileType: 'text',
    parse: (text, place) => sizeOption(place, minBytes, maxBytes)(text),
    text: exactSize,
  };
}

export function wholeNumber(min: number, max: number): Kind<number> {
  return {
    argument: '<number>',
    fileType: 'number',
    parse: (text, place) => wholeNumberOption(place, min, max)(text),
    text: String,
  };
}

/** `argument`: such as `<level>`. */
export function choice<Choice extends string>(argument: string, choices: readonly Choice[]): Kind<Choice> {
  return {
    argument,
    choices,
    fileType: 'text',
    parse: (text, place) => choiceOption(place, choices)(text),
    text: String,
  };
}

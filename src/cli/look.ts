/** How text for people looks: its colours and its width, both only where a terminal shows it (no-color.org). */

import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];

export interface Look {
  /** Characters of a line. */
  readonly columns: number;
  readonly paint: (style: Style, text: string) => string;
}

/** For pipes and files. */
export const PLAIN: Look = { columns: Number.POSITIVE_INFINITY, paint: (_style, text) => text };

/** `styleText` asks the terminal which colours it knows, but would let FORCE_COLOR win over NO_COLOR. */
export function lookOf(stream: NodeJS.WriteStream, noColor: string | undefined = process.env.NO_COLOR): Look {
  if (!stream.isTTY) return PLAIN;
  // Some terminals do not tell their width.
  const columns = stream.columns > 0 ? stream.columns : PLAIN.columns;
  const hasColours = noColor === undefined || noColor === '';
  return {
    columns,
    paint: hasColours ? (style, text) => styleText(style, text, { stream }) : PLAIN.paint,
  };
}

/** `text` broken between words, so that it fits behind `indent` characters; later lines begin with as many spaces. */
export function wrapped(text: string, indent: number, { columns }: Pick<Look, 'columns'>): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || indent + longer.length <= columns) {
      line = longer;
      continue;
    }
    lines.push(line);
    line = word;
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
}

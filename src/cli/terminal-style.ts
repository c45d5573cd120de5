/** Colours: only on a terminal that has them, and never against NO_COLOR (no-color.org). */

import { styleText } from 'node:util';

type Style = Extract<Parameters<typeof styleText>[0], string>;

/** `text` as standard output shows it. */
export function terminalStyle(style: Style, text: string): string {
  const { stdout, env } = process;
  const hasColours = stdout.isTTY && (env['NO_COLOR'] ?? '') === '' && stdout.hasColors();
  return hasColours ? styleText(style, text, { validateStream: false }) : text;
}

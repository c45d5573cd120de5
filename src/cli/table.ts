/** Tables for people: aligned columns, which fit into the width of the terminal. */

import { escapeControls } from './printable.ts';
import { type Look, type Style, wrapped } from './look.ts';

/** A text, and how it is shown where there are colours. */
export type Cell = string | { readonly text: string; readonly style: Style };

export interface TableRow {
  readonly cells: readonly Cell[];
  /** A sentence below the row. */
  readonly note?: string | undefined;
}

const GAP = '  ';

const NOTE_INDENT = 4;

/** A column that must give way keeps as many characters. */
const WIDTH_MIN = 8;

/** A title, the names of the columns, the rows. */
export function table(
  title: string,
  columns: readonly string[],
  rows: readonly TableRow[],
  look: Look,
): readonly string[] {
  if (rows.length === 0) return [`${look.paint('bold', title)}: none`];
  const widths = fitting(
    columns.map((name, at) => Math.max(name.length, ...rows.map(({ cells }) => textOf(cells[at]).length))),
    look.columns,
  );
  const lineOf = (cells: readonly Cell[]): string => {
    const shown = cells.map((cell, at) => show(cell, widths[at] ?? 0, at === cells.length - 1, look));
    return `${GAP}${shown.join(GAP)}`;
  };
  const head = columns.map((name): Cell => ({ text: name, style: 'dim' }));
  return [
    look.paint('bold', title),
    lineOf(head),
    ...rows.flatMap(({ cells, note }) => {
      if (note === undefined) return [lineOf(cells)];
      const sentence = wrapped(escapeControls(note), NOTE_INDENT, look);
      return [lineOf(cells), `${' '.repeat(NOTE_INDENT)}${sentence}`];
    }),
  ];
}

function textOf(cell: Cell | undefined): string {
  return escapeControls(typeof cell === 'object' ? cell.text : (cell ?? ''));
}

function show(cell: Cell, width: number, isLast: boolean, look: Look): string {
  const text = textOf(cell);
  const cut = text.length > width ? `${text.slice(0, width - 1)}…` : text;
  const painted = typeof cell === 'object' ? look.paint(cell.style, cut) : cut;
  return isLast ? painted : painted + ' '.repeat(width - cut.length);
}

/** The widest column gives way, one character after the other. */
function fitting(widths: readonly number[], columns: number): number[] {
  const fit = [...widths];
  let over = fit.reduce((sum, width) => sum + GAP.length + width, 0) - columns;
  for (; over > 0 && Math.max(...fit) > WIDTH_MIN; over--) {
    const widest = fit.indexOf(Math.max(...fit));
    fit[widest] = (fit[widest] as number) - 1;
  }
  return fit;
}

/** Findings for people: a line each, which a terminal gets in as many as it needs. */

import { type Look, PLAIN, wrapped } from '../look.ts';
import { escapeControls } from '../printable.ts';
import type { Finding, Mark } from './finding.ts';

/** In one width, so that the lines are aligned. */
const MARKS: Readonly<Record<Mark, string>> = { ok: 'ok     ', warning: 'warning', problem: 'PROBLEM' };

const STYLES = { ok: 'green', warning: 'yellow', problem: 'red' } as const;

const GAP = '  ';

export function doctorText(findings: readonly Finding[], look: Look = PLAIN): string {
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  const indent = MARKS.ok.length + GAP.length + width + GAP.length;
  const lines = findings.map(({ mark, subject, message, advice }) => {
    const told = advice === undefined ? message : `${message.replace(/\.$/u, '')}; ${advice}`;
    const start = `${look.paint(STYLES[mark], MARKS[mark])}${GAP}${subject.padEnd(width)}${GAP}`;
    return `${start}${wrapped(escapeControls(told), indent, look)}\n`;
  });
  return lines.join('');
}

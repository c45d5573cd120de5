/** Members for people: one table. */

import ms from 'ms';
import type { Member } from '../node/api.ts';
import type { Look, Style } from './look.ts';
import { lagText } from './state-line.ts';
import { type Cell, table, type TableRow } from './table.ts';

const COLUMNS = ['name', 'status', 'address', 'seen', 'rtt', 'lag', 'version', 'incarnation'];

export function membersText(members: readonly Member[], look: Look): string {
  return `${table('members', COLUMNS, members.map(rowOf), look).join('\n')}\n`;
}

function rowOf(member: Member): TableRow {
  const { nodeId, isSelf, status, address, version, incarnation } = member;
  const { lastSeenAgoMs, roundTripMs, lagMs } = member;
  return {
    cells: [
      nodeId,
      { text: status, style: STYLES[status] },
      address === '' ? '?' : address,
      isSelf ? 'self' : lastSeenAgoMs === undefined ? 'never' : `${ms(lastSeenAgoMs)} ago`,
      isSelf ? '' : roundTripMs === undefined ? '?' : `${roundTripMs.toPrecision(2)}ms`,
      isSelf ? '' : lagCell(lagMs),
      version,
      String(incarnation),
    ],
  };
}

function lagCell(lagMs: number | undefined): Cell {
  if (lagMs === undefined) return '?';
  return lagMs === 0 ? lagText(lagMs) : { text: lagText(lagMs), style: 'yellow' };
}

const STYLES: Readonly<Record<Member['status'], Style>> = {
  up: 'green',
  suspect: 'yellow',
  down: 'red',
  left: 'dim',
};

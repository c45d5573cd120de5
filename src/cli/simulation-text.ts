/** The course of a rumour for people: a row of nodes for each round, and beside it how many know and how many should. */

import type { NodeState } from '../epidemics/rumour.ts';
import { type Look, PLAIN, wrapped } from './look.ts';
import { counted } from './units.ts';

export interface Round {
  /** Nodes that know it. */
  readonly informed: number;
  /** As many as theory expects to know it, if nobody stopped telling. */
  readonly expected: number;
  /** From the beginning on. */
  readonly messages: number;
  /** `news`: it heard in this round. */
  readonly nodes: readonly (NodeState | 'news')[];
}

export interface Simulated {
  readonly nodes: number;
  readonly fanout: number;
  readonly loss: number;
  readonly seed: number;
  /** Others in a row that knew it already, after which a node stops telling. */
  readonly k: number;
}

/** Of the row of nodes, where the width of the output does not matter. */
const CELLS_MAX = 64;
const CELLS_MIN = 8;

const BAR = 20;

/** None of a group, up to a third, two thirds, more, all. */
const CIRCLES = ['○', '◔', '◑', '◕', '●'] as const;

/** What stands beside the row of nodes. */
const NUMBERS = ['know', 'expected', 'messages'] as const;
const NUMBER_WIDTH = 9;
const ROUND_WIDTH = 5;
const GAP = '  ';
const BESIDE = ROUND_WIDTH + NUMBERS.length * NUMBER_WIDTH + BAR + 3 * GAP.length;

export function simulationText(simulated: Simulated, rounds: readonly Round[], look: Look = PLAIN): string {
  const { nodes } = simulated;
  const width = Math.min(nodes, CELLS_MAX, Math.max(CELLS_MIN, look.columns - BESIDE));
  const isGrouped = width < nodes;
  const head = [
    'round'.padEnd(ROUND_WIDTH),
    'nodes'.padEnd(width),
    `${NUMBERS.map((name) => name.padStart(NUMBER_WIDTH)).join('')}${GAP}█ know, │ expected`,
  ].join(GAP);
  const rows = rounds.map(({ informed, expected, messages, nodes: states }, round) => {
    const shown = [String(informed), expectedText(expected, nodes), String(messages)];
    return [
      String(round).padStart(ROUND_WIDTH),
      cells(states, width, look),
      `${shown.map((text) => text.padStart(NUMBER_WIDTH)).join('')}${GAP}${bar(informed / nodes, expected / nodes, look)}`,
    ].join(GAP);
  });
  const key = isGrouped
    ? `Each sign is about ${Math.round(nodes / width)} nodes: ○ none of them knows, ◔ ◑ ◕ some, ● all.`
    : '○ does not know, ◉ hears in this round, ● knows.';
  const parts = [titleOf(simulated), key].map((text) => wrapped(text, 0, look));
  return [
    ...parts,
    '',
    look.paint('dim', head),
    ...rows,
    '',
    wrapped(outcome(simulated, rounds), 0, look),
    '',
  ].join('\n');
}

function titleOf({ nodes, fanout, loss, seed, k }: Simulated): string {
  const lost = loss === 0 ? '' : ` ${Number((loss * 100).toFixed(2))}% of the messages are lost.`;
  return `A rumour among ${nodes} nodes. Who knows it tells ${fanout} of the others in each round, until ${k} in a row knew it already.${lost} Seed ${seed}.`;
}

function outcome({ nodes }: Simulated, rounds: readonly Round[]): string {
  const { informed, messages } = rounds.at(-1) as Round;
  const perNode = (messages / nodes).toFixed(1);
  const after = rounds.findIndex((round) => round.informed === informed);
  const who = informed === nodes ? 'All' : `${informed} of ${nodes}`;
  const rest =
    informed === nodes
      ? ''
      : ` ${counted(nodes - informed, 'node does', 'nodes do')} not hear it as a rumour: anti-entropy brings it there.`;
  return `${who} know after ${counted(after, 'round', 'rounds')}; ${perNode} messages a node until nobody tells any more.${rest}`;
}

function expectedText(expected: number, nodes: number): string {
  return nodes < 1000 ? expected.toFixed(1) : String(Math.round(expected));
}

/** Node after node, or group after group. */
function cells(states: Round['nodes'], width: number, look: Look): string {
  const signs = Array.from({ length: width }, (_, at) => {
    const from = Math.floor((at * states.length) / width);
    const end = Math.floor(((at + 1) * states.length) / width);
    return sign(states.slice(from, end), look);
  });
  return signs.join('');
}

function sign(group: Round['nodes'], look: Look): string {
  const knowing = group.filter((state) => state !== 'susceptible');
  const isNews = knowing.includes('news');
  if (isNews && group.length === 1) return look.paint('green', '◉');
  const circle = CIRCLES[
    knowing.length === 0 ? 0 : 1 + Math.floor((3 * knowing.length) / group.length)
  ] as string;
  const isTelling = isNews || group.includes('infective');
  return look.paint(isNews ? 'green' : isTelling ? 'yellow' : 'dim', circle);
}

/** How many know as its length, how many should as a mark. */
function bar(informed: number, expected: number, look: Look): string {
  const length = Math.round(informed * BAR);
  const mark = Math.min(BAR - 1, Math.round(expected * BAR));
  const track = Array.from({ length: BAR }, (_, at) => {
    if (at === mark) return '│';
    return at < length ? look.paint('green', '█') : ' ';
  });
  return track.join('').trimEnd();
}

/** `store simulate`: shows how one rumour infects a cluster, without a store and without a network. */

import { Command } from 'commander';
import { createSeededRandom } from '../adapters/seeded-random.ts';
import { systemRandom } from '../adapters/system-random.ts';
import { RumourEpidemic } from '../epidemics/rumour.ts';
import { expectedInformed } from '../epidemics/expectation.ts';
import { examplesText, type Run } from './base-command.ts';
import { lookOf } from './look.ts';
import { percentOption, wholeNumberOption } from './option-values.ts';
import { type Round, type Simulated, simulationText } from './simulation-text.ts';

/** As a node does it by default. */
const UNNEEDED_MAX = 4;

/** A picture of more shows nothing more. */
const NODES_MAX = 10_000;
const FANOUT_MAX = 100;
const SEED_MAX = 2 ** 32 - 1;

/** With more, rounds have no end. */
const LOSS_MAX = 0.9;

interface SimulateOptions {
  readonly nodes: number;
  readonly fanout: number;
  readonly loss: number;
  readonly seed?: number;
  readonly json?: true;
}

export function simulateCommand(run: Run): Command {
  const examples = [
    'store simulate',
    'store simulate --nodes 1000 --fanout 1',
    'store simulate --nodes 64 --loss 30% --seed 7',
    'store simulate --json',
  ];
  return new Command('simulate')
    .description('show, round by round, how one rumour spreads in a cluster; nothing is stored or sent')
    .option('--nodes <number>', 'nodes of the cluster', wholeNumberOption('--nodes', 2, NODES_MAX), 16)
    .option(
      '--fanout <number>',
      'others that a node tells in a round',
      wholeNumberOption('--fanout', 1, FANOUT_MAX),
      3,
    )
    .option('--loss <percent>', 'share of the messages that are lost', percentOption('--loss', LOSS_MAX), 0)
    .option(
      '--seed <number>',
      'shows the run of this seed again (default: a random one)',
      wholeNumberOption('--seed', 0, SEED_MAX),
    )
    .option('--json', 'output one JSON object')
    .addHelpText('after', examplesText(examples))
    .action(async ({ json, seed = systemRandom.uint32(), ...rest }: SimulateOptions) => {
      const fanout = Math.min(rest.fanout, rest.nodes - 1);
      const simulated = { ...rest, fanout, seed, k: UNNEEDED_MAX };
      const rounds = spread(simulated);
      if (json === true) return run.out.json({ ...simulated, rounds: rounds.map(roundJson) });
      await run.out.add(simulationText(simulated, rounds, lookOf(process.stdout)));
      return run.out.flush();
    });
}

function spread({ nodes, fanout, loss, seed, k }: Simulated): readonly Round[] {
  const interest = { rule: 'feedback-counter', k } as const;
  const epidemic = new RumourEpidemic(
    { nodes, direction: 'push', fanout, interest, loss },
    createSeededRandom(seed),
  );
  const rounds: Round[] = [];
  let expected = 1;
  for (;;) {
    const cells = Array.from({ length: nodes }, (_, node) => {
      if (epidemic.heardIn(node) === epidemic.cycle) return 'news' as const;
      return epidemic.stateOf(node);
    });
    rounds.push({ informed: epidemic.informed, expected, messages: epidemic.sent, nodes: cells });
    if (epidemic.isOver) return rounds;
    epidemic.step();
    expected = expectedInformed(expected, { nodes, fanout, loss });
  }
}

function roundJson({ informed, expected, messages }: Round, round: number): unknown {
  return { round, informed, expected: Number(expected.toFixed(2)), messages };
}

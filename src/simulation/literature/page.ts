/** The part of `docs/cluster-figures.md` that is written from figures: tables, with what they mean. */

import { markdownTable, wrapParagraphs } from '../markdown.ts';
import { pushResidue } from '../../epidemics/expectation.ts';
import { MODES } from './anti-entropy.ts';
import type { Figures } from './figures.ts';

type Part = (figures: Figures) => string;

const PARTS: readonly Part[] = [mongering, antiEntropy, sampling, aggregation];

export function pageOf(figures: Figures): string {
  return wrapParagraphs(PARTS.map((part) => part(figures)).join('\n\n'));
}

function mongering({ mongering: { nodes, runs, tables } }: Figures): string {
  return `## Rumor mongering

Demers et al. 1987 ("Epidemic algorithms for replicated database maintenance", section 1.4) let one rumour go around
among ${nodes.toLocaleString('en')} sites, and give the *residue* s (the share of the sites that never hear), the *traffic* m (copies sent, by
site), and two delays in cycles: t_ave of a site that hears, on average, and t_last of the last one. Each table has what
they found and, in bold, what the models in \`src/epidemics\` come to, as means of ${runs.toLocaleString('en')} runs. Cycles are synchronous; a push
is unnecessary if its target knew the rumour before the cycle, and a useful one sets the counter back; of all who pull
from a site in a cycle, one to whom it was news is enough to set it back.

Residue, traffic and t_last agree within the noise of the runs. Of push, t_ave here is one to three cycles below the
paper's, which does not say over what it was taken; here it is over the sites that hear. Delays of table 3 are left out.

${tables
  .map(({ name, rows }) =>
    [
      `### ${name}`,
      '',
      markdownTable(
        ['k', 's', '**s**', 'm', '**m**', 't_ave', '**t_ave**', 't_last', '**t_last**'],
        rows.map(({ k, paper, measured }) => [
          k,
          scientific(paper.residue),
          bold(scientific(measured.residue)),
          paper.traffic,
          bold(measured.traffic),
          paper.average ?? '',
          bold(measured.average),
          paper.last ?? '',
          bold(measured.last),
        ]),
      ),
    ].join('\n'),
  )
  .join('\n\n')}

### The push law

Whatever the rule, a site that hears of nothing was missed by all m n copies, so push leaves out s = e^-m. Measured, by
the k of table 1: ${(tables[0]?.rows ?? [])
    .map(
      ({ k, measured }) =>
        `${k}: ${scientific(measured.residue)} beside ${scientific(Number(pushResidue(measured.traffic).toPrecision(3)))}`,
    )
    .join('; ')}. Pull does better than the law: it
finds whoever has not heard.

![Residue against traffic: push on the line e^-m, pull below it](pictures/residue.svg)

Boato pushes with feedback and k = 4, and leaves the residue to anti-entropy, which misses nobody. \`store simulate\`
shows one such rumour, round by round.`;
}

function antiEntropy({ antiEntropy: { cycles, tail } }: Figures): string {
  const tailLength = Math.max(...MODES.map((mode) => tail.byMode[mode]?.length ?? 0));
  return `## Push, pull and push-pull anti-entropy

Each site turns to one other in a cycle. Cycles from one site that knows until all do, on average:

${markdownTable(
  ['nodes', ...MODES],
  cycles.map(({ nodes, byMode }) => [nodes, ...MODES.map((mode) => byMode[mode] ?? '')]),
)}

At the end the three part: where a share p has not heard, a cycle of push leaves p e^-(1-p), about p/e; one of pull p²,
since it has to ask one of the few; both together the product. Shares that have not heard, among ${tail.nodes.toLocaleString('en')} sites, from
a tenth on; in brackets what the share before lets expect:

${markdownTable(
  ['cycle', ...MODES],
  Array.from({ length: tailLength }, (_, cycle) => [
    cycle,
    ...MODES.map((mode) => {
      const share = tail.byMode[mode]?.[cycle];
      if (share === undefined) return '';
      const expected = share.expected === undefined ? '' : ` (${scientific(share.expected)})`;
      return `${scientific(share.measured)}${expected}`;
    }),
  ]),
)}

That is why anti-entropy in Boato is push-pull by default, and rumours need not reach everybody.`;
}

function sampling({ sampling: { nodes, samplers } }: Figures): string {
  const [first] = samplers;
  const cycles = first?.failures[0]?.looks.map(({ cycle }) => cycle) ?? [];
  const share = (value: number): string => `${Number((value * 100).toFixed(1))} %`;
  return `## Peer sampling

A node that knows and links a few others only, however many there are, needs them to be a fresh random choice. Two
samplers, the production code of \`src/membership\`, among ${nodes.toLocaleString('en')} nodes, each with the figures of its paper: *Cyclon*
(Voulgaris et al. 2005; a view of 20, 8 of which are shuffled with the oldest) and *HyParView* (Leitão et al. 2007; 5
active links, kept by both ends, and 30 passive addresses).

How many know a node, once views are what they come to:

${markdownTable(
  ['', 'mean', 'deviation', 'minimum', 'maximum'],
  samplers.map(({ name, inDegrees: { mean, deviation, minimum, maximum } }) => [
    name,
    mean,
    deviation,
    minimum,
    maximum,
  ]),
)}

![In-degrees: how many nodes know one](pictures/in-degrees.svg)

A share of the nodes fails at one moment. The largest part of the others that hangs together, as a share of them, at once
and after so many cycles; in brackets the links that still lead to dead nodes:

${samplers
  .map(({ name, failures }) =>
    markdownTable(
      [`${name}: failed`, ...cycles.map((cycle) => (cycle === 0 ? 'at once' : `cycle ${cycle}`))],
      failures.map(({ failed, looks }) => [
        share(failed),
        ...looks.map(({ connected, deadLinks }) => `${share(connected)} (${share(deadLinks)})`),
      ]),
    ),
  )
  .join('\n\n')}

Cyclon's larger view holds together at once, but forgets the dead only as it comes to shuffle with them, and nobody finds
whoever was cut off. HyParView's five links do not hold: after 80 % have failed it is in pieces. But its links are
connections, so both ends know at once who is gone, and the passive view has somebody to take its place: a cycle later no
link is dead, and all hang together, but for a few in a thousand whose passive views have died as well when 90 % failed. Nodes of Boato talk over connections that are kept open, so HyParView is the better
one here: it mends faster, and keeps a quarter of the connections.`;
}

function aggregation({ aggregation: { courses } }: Figures): string {
  const cycles = [0, 5, 10, 15, 20, 25, 30, 40];
  const sizes = courses.map(({ nodes }) => nodes.toLocaleString('en'));
  return `## Aggregation

The average of one number of each node, drawn from 0 to 1: the largest relative error of any node after so many cycles.
*Push-sum* (Kempe et al. 2003) sends half of sum and weight to another; *push-pull averaging* (Jelasity et al. 2005) is
what nodes of Boato do (\`src/gossip/averaging.ts\`), with the masses of push-sum.

${markdownTable(
  ['cycle', ...sizes.map((size) => `push-sum, ${size}`), ...sizes.map((size) => `push-pull, ${size}`)],
  cycles.map((cycle) => [
    cycle,
    ...courses.map(({ pushSum }) => scientific(pushSum[cycle] ?? 0)),
    ...courses.map(({ pushPull }) => scientific(pushPull[cycle] ?? 0)),
  ]),
)}

![Largest relative error against cycles](pictures/aggregation.svg)

Jelasity et al. expect each cycle of push-pull averaging to multiply the variance by 1/(2√e) = 0.303, however many nodes
there are. Measured over 20 cycles: ${courses.map(({ nodes, factor }) => `${factor} with ${nodes.toLocaleString('en')}`).join(', ')}. So an epoch of 60 cycles, the first
few of which are spent on all hearing of it, leaves room for links to few others, lost messages and slow peers.`;
}

/** `0.0012`, but `4e-6`: as the paper has them. */
function scientific(value: number): string {
  return value === 0 || value >= 1e-4 ? String(value) : value.toExponential();
}

function bold(value: string | number): string {
  return `**${value}**`;
}

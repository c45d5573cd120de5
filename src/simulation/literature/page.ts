/** The part of `docs/cluster-figures.md` that is written from figures: tables, with what they mean. */

import { markdownTable } from '../markdown-table.ts';
import { pushResidue } from '../../epidemics/expectation.ts';
import { MODES } from './anti-entropy.ts';
import type { Figures } from './figures.ts';

type Part = (figures: Figures) => string;

const PARTS: readonly Part[] = [mongering, antiEntropy];

export function page(figures: Figures): string {
  return PARTS.map((part) => part(figures).trim()).join('\n\n');
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

/** `0.0012`, but `4e-6`: as the paper has them. */
function scientific(value: number): string {
  return value === 0 || value >= 1e-4 ? String(value) : value.toExponential();
}

function bold(value: string | number): string {
  return `**${value}**`;
}

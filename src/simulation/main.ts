/** `npm run simulate`. */

import { parseArgs } from 'node:util';
import { createHash64 } from '../adapters/xxhash.ts';
import { planOf } from './plan.ts';
import { drawProfile, type ProfileName } from './profile.ts';
import { run } from './run.ts';
import { streamOf } from './streams.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    nodes: { type: 'string', default: '5' },
    profile: { type: 'string', default: 'hard' },
    log: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const profile = drawProfile(values.profile as ProfileName, streamOf(seed, 'profile'));
const print = values.log ? (line: string): void => console.log(line) : undefined;
const result = await run(planOf(seed, Number(values.nodes), profile), await createHash64(), print);
console.log(JSON.stringify(result));

/** `npm run simulate`: one run, or a campaign of them. */

import { randomInt } from 'node:crypto';
import { createHash64 } from '../adapters/xxhash.ts';
import { campaign } from './campaign/campaign.ts';
import { type Options, parseOptions } from './options.ts';
import { simulate } from './simulate.ts';

const SEEDS = 2 ** 32;

/** Each run shows its seed, so that it can be replayed. */
function freshSeed(): number {
  return randomInt(SEEDS);
}

async function main(options: Options): Promise<number> {
  const print = (line: string): void => console.log(line);
  const tell = (line: string): void => console.error(line);
  if (options.campaign !== undefined)
    return campaign({ ...options, campaign: options.campaign, firstSeed: freshSeed() }, print, tell);
  const seed = options.seed ?? freshSeed();
  return simulate({ ...options, seed }, await createHash64(), print, tell);
}

// Whoever reads has enough, say `| head`.
process.stdout.on('error', () => process.exit(0));
const options = parseOptions(process.argv);
process.exitCode = 'exitCode' in options ? options.exitCode : await main(options);

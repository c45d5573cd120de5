import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { systemRandom } from '../../src/adapters/system-random.ts';
import { describeRandom } from '../contract/random.contract.ts';

describeRandom('the system', () => systemRandom);
describeRandom('a seed', () => createSeededRandom(7));
describeRandom('the seed 0', () => createSeededRandom(0));

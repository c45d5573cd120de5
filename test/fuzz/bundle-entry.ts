/** What `main.mjs` makes one script of, so that its coverage is that of the decoders and of nothing else. */

export { Coverage } from './coverage.ts';
export { keepInput, readCorpus, writeSeeds } from './corpus.ts';
export { judge } from './judge.ts';
export { TARGETS } from './targets.ts';
export { fuzzAll } from './worker.ts';

import { defineConfig } from 'vitest/config';

/**
 * Tests of what runs in memory: their files share a process one after another, which spares loading all modules for each.
 * Nothing in `src` that they load keeps state of its own.
 */
const IN_MEMORY = [
  'contract',
  'core',
  'epidemics',
  'gossip',
  'membership',
  'model',
  'property',
  'scenario',
  'storage',
].map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'memory', include: IN_MEMORY, isolate: false } },
      { extends: true, test: { name: 'whole', include: ['test/**/*.test.ts'], exclude: IN_MEMORY } },
    ],
    pool: 'forks',
    // All processors: the default leaves one for a person who works beside, half of a small machine.
    maxWorkers: '100%',
    setupFiles: ['test/support/fixed-seed.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    retry: 0,
    reporters: ['default'],
    coverage: { enabled: false },
  },
});

import { defineConfig } from 'vitest/config';

/**
 * Folders whose files share a process, one after another, which spares loading all modules for each: nothing in `src` keeps
 * state beyond its stores, and these tests replace no modules.
 */
const SHARED = [
  'contract',
  'core',
  'epidemics',
  'gossip',
  'membership',
  'model',
  'node',
  'property',
  'scenario',
  'server',
  'storage',
  'views',
].map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'shared', include: SHARED, isolate: false } },
      { extends: true, test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: SHARED } },
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

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
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

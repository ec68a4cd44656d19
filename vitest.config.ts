import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', 'test/integration/**', 'test/soak/**', '**/node_modules/**'],
    testTimeout: 20_000,
    pool: 'forks',
    maxWorkers: 2,
    // No test changes what modules share; loading them once a worker halves the run.
    isolate: false,
  },
});

import { defineConfig } from 'vitest/config';

/** Tests against real servers, which `.ci/run` installs. */
export default defineConfig({
  test: {
    include: ['test/integration/**/*.test.ts'],
    testTimeout: 300_000,
    // Processes start in hooks too; on a busy machine that takes seconds.
    hookTimeout: 60_000,
    pool: 'forks',
    // Each starts servers and processes of its own, and waits for them about half of its time.
    maxWorkers: 2,
    // As in the unit lane: loading the modules takes more than many a file does with them.
    isolate: false,
  },
});

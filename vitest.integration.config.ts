import { defineConfig } from 'vitest/config';

/** Tests against real servers, which `.ci/run` installs. */
export default defineConfig({
  test: { include: ['test/integration/**/*.test.ts'], testTimeout: 300_000, pool: 'forks' },
});

import { defineConfig } from 'vitest/config';

/** What takes longer than CI has: `npm run soak`. */
export default defineConfig({
  test: { include: ['test/soak/**/*.test.ts'], pool: 'forks', maxWorkers: 1 },
});

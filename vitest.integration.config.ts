import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What runs a job many times over: last in line, one of these would keep the others waiting. */
const LONG = /(?:kill|resume|nginx|many-keys)[^/]*$/;

/** Long files first, so that all workers come to their end at about the same time. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const bySize = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => (LONG.test(moduleId) ? 0 : 1);
    return bySize.toSorted((one, other) => rank(one) - rank(other));
  }
}

/** Tests against real servers, which `.ci/run` installs. */
export default defineConfig({
  test: {
    include: ['test/integration/**/*.test.ts'],
    testTimeout: 300_000,
    // Processes start in hooks too; on a busy machine that takes seconds.
    hookTimeout: 60_000,
    pool: 'forks',
    sequence: { sequencer: LongFirst },
    // Each starts servers and processes of its own, and waits for them about half of its time.
    maxWorkers: 2,
    // As in the unit lane: loading the modules takes more than many a file does with them.
    isolate: false,
  },
});

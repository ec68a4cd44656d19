import type { Rule, Rules } from '../../model/rule.ts';
import { LEAST_MEMORY_BYTES, mostAtOnce, type RunOptions } from '../run-options.ts';
import { isCopied } from '../open-sources.ts';

/** What a budget holds back of its memory, as its share for beginnings: one byte in so many. */
const BEGIN_SHARE = 8;

/** Whether other threads may copy keys of the rule. */
export function isShared(rule: Rule): boolean {
  // A health check speaks to the run's own thread alone.
  return isCopied(rule) && rule.origins !== undefined && rule.origins.healthCheck === undefined;
}

export interface ThreadCount {
  readonly threads: number;
  /** Why there are fewer than were asked for. */
  readonly why: string | undefined;
}

/**
 * How many threads a run has: as many as it is asked for, if each of them gets enough of everything
 * that is divided among them.
 * @param rules those whose keys may be copied
 */
export function threadCount(
  options: Pick<RunOptions, 'workers' | 'dryRun' | 'memory' | 'concurrency'>,
  { bucket }: Pick<Rules, 'bucket'>,
  rules: readonly Rule[],
): ThreadCount {
  const { workers, memory } = options;
  const shared = rules.filter(isShared);
  const partBytes =
    bucket.location.kind === 's3'
      ? Math.max(0, ...shared.map(({ store }) => store.multipart.partSizeBytes))
      : 0;
  const leastBytes = Math.max(LEAST_MEMORY_BYTES, (partBytes * BEGIN_SHARE) / (BEGIN_SHARE - 1));
  const perAddress = Math.max(1, ...shared.map(({ protect }) => protect.concurrency));
  const bounds: readonly (readonly [number, string])[] = [
    [options.dryRun === true ? 1 : Infinity, 'a dry run copies nothing'],
    [shared.length === 0 ? 1 : Infinity, 'no rule has keys that further threads could copy'],
    [Math.max(1, Math.floor(memory / leastBytes)), '--memory is not enough for more'],
    [mostAtOnce(options), '--concurrency allows no more at once'],
    [perAddress, 'protect.concurrency allows no more at once'],
  ];
  const [threads, why] = bounds.reduce(
    (least, bound) => (bound[0] < least[0] ? bound : least),
    [workers, ''],
  );
  return { threads, why: threads < workers ? why : undefined };
}

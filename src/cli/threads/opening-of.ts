import path from 'node:path';
import type { Rule, Rules } from '../../model/rule.ts';
import { shareOf } from '../../run/threads/share-of.ts';
import { mostAtOnce, type RunOptions } from '../run-options.ts';
import type { OpenedBucket } from '../open-bucket.ts';
import type { Surroundings } from '../surroundings.ts';
import type { Opening } from './messages.ts';
import { isShared } from './thread-count.ts';

/** What differs from thread to thread, and from one kind of run to the other. */
type Particulars = Pick<Opening, 'index' | 'checksum' | 'keepsUploads'>;

/** The run, as far as its threads do as it does. */
interface ThreadedRun {
  readonly rules: Rules;
  readonly rulesFile: string;
  readonly needed: (rule: Rule) => boolean;
  readonly options: RunOptions;
  readonly surroundings: Surroundings;
  readonly bucket: OpenedBucket;
}

/** All that a thread needs: the rules as they were read, and its share of the limits. */
export function openingOf(
  { rules, rulesFile, needed, options, surroundings, bucket }: ThreadedRun,
  threads: number,
  particulars: Particulars,
): Opening {
  const { env, cwd, pid, host } = surroundings;
  const { index } = particulars;
  return {
    // A rule that allows fewer requests at once than there are threads has no keys for this one.
    rules: rules.rules.filter(
      (rule) =>
        needed(rule) && isShared(rule) && shareOf(rule.protect.concurrency, index, threads) > 0,
    ),
    bucket: rules.bucket,
    allowPrivate: rules.allowPrivate || options.allowPrivate === true,
    folder: path.dirname(path.resolve(cwd, rulesFile)),
    env: { ...env },
    pid,
    host,
    concurrency: mostAtOnce(options),
    memoryBytes: Math.floor(options.memory / threads),
    threads,
    bytesPerSecond: options.bandwidth,
    requestsPerSecond: options.requestsPerSecond,
    overwrite: options.overwrite,
    exclusiveCreate: bucket.exclusiveCreate(),
    ...particulars,
  };
}

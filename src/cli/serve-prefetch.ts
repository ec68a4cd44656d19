import path from 'node:path';
import type { BucketSettings } from '../model/rule.ts';
import type { AdminView } from '../serve/admin/admin-view.ts';
import { answerPrefetch } from '../serve/prefetch/answer-prefetch.ts';
import { Prefetches } from '../serve/prefetch/prefetches.ts';
import type { QboxKeys } from '../serve/prefetch/qbox-token.ts';
import type { Serving } from '../serve/serving.ts';
import type { Surroundings } from './surroundings.ts';

/** What callers of prefetch find. */
export interface PrefetchSubjects {
  readonly serving: Serving;
  readonly bucket: BucketSettings;
  readonly rulesFile: string;
  readonly drain: AbortSignal;
  readonly onTrouble: (error: unknown) => void;
}

/** Qiniu's prefetch call on this proxy's bucket, for who has the keys that the environment names. */
export function servePrefetch(
  { serving, bucket, rulesFile, drain, onTrouble }: PrefetchSubjects,
  { env, cwd }: Pick<Surroundings, 'env' | 'cwd'>,
): NonNullable<AdminView['prefetch']> {
  const calls = {
    prefetches: new Prefetches(serving),
    bucketName: bucketName(bucket, path.dirname(path.resolve(cwd, rulesFile))),
    keys: qboxKeys(env),
    steadyClock: serving.steadyClock,
    drain,
    onTrouble,
  };
  return (request) => answerPrefetch(calls, request);
}

/** `s3://NAME/PREFIX/` is called NAME; a directory by its own name. */
function bucketName({ location }: BucketSettings, folder: string): string {
  return location.kind === 's3'
    ? location.bucket
    : path.basename(path.resolve(folder, location.path));
}

/** Both, or nobody can call. */
function qboxKeys(env: Surroundings['env']): QboxKeys | undefined {
  const accessKey = env['BUCKETFILL_QBOX_ACCESS_KEY'] ?? '';
  const secretKey = env['BUCKETFILL_QBOX_SECRET_KEY'] ?? '';
  return accessKey === '' || secretKey === '' ? undefined : { accessKey, secretKey };
}

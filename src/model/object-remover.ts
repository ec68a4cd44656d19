import type { ObjectKey } from './object-key.ts';

/** Takes objects out of a bucket; apart from `Bucket`, because only a sync with deletes may. */
export interface ObjectRemover {
  /**
   * Removes the object; no matter whether it is there. In a versioned bucket it becomes hidden, not
   * destroyed.
   * @throws Failure `BUCKET_*` or `KEY_INVALID`, as `Bucket.head` does.
   */
  remove(key: ObjectKey, signal: AbortSignal): Promise<void>;
}

import type { DoubleObject } from '../support/s3-double-state.ts';
import type { S3Double } from '../support/s3-double.ts';
import type { SoakObjects } from './soak-objects.ts';

/** Looked at once: what is stored does not change. */
const JUDGED = new WeakSet<DoubleObject>();

/** @returns every object of the bucket that is not a whole version, under that version's name. */
export function judgeBucket(objects: SoakObjects, store: S3Double): string[] {
  return [...store.bucket('bucket').objects].flatMap(([key, object]) => {
    if (JUDGED.has(object)) return [];
    JUDGED.add(object);
    const noted = object.metadata['bucketfill-etag'];
    const isFilled = object.metadata['bucketfill-url'] !== undefined;
    const isOne = objects
      .versions(key)
      .some(
        ({ maker, etag, bytes }) =>
          (maker === 'site') === isFilled &&
          (!isFilled || etag === noted) &&
          bytes.equals(object.bytes),
      );
    return isOne || key.startsWith('.bucketfill')
      ? []
      : [`the bucket's ${key} is no version of it`];
  });
}

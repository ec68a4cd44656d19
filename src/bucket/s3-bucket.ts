import type { BodyMemory } from '../model/body-memory.ts';
import type { Bucket, ListedObject, ListRange } from '../model/bucket.ts';
import { keyIfAny } from '../model/object-key.ts';
import type { ObjectRemover } from '../model/object-remover.ts';
import type { Clock, OnBoundary } from '../model/ports.ts';
import type { BucketSettings } from '../model/rule.ts';
import { bucketFailure } from '../s3/explain-s3-error.ts';
import { listPages } from '../s3/list-objects.ts';
import type { S3ListedObject } from '../s3/listed-object.ts';
import type { S3Store } from '../s3/s3-store.ts';
import { PartTurns } from './part-turns.ts';
import { s3Abandon } from './s3-abandon.ts';
import { s3Check } from './s3-check.ts';
import type { S3Needs } from './s3-check.ts';
import { S3ConditionalWrites } from './s3-conditional-writes.ts';
import { quotedEtag } from './s3-etag.ts';
import { s3Head } from './s3-head.ts';
import { s3Put } from './s3-put.ts';
import { s3Read } from './s3-read.ts';
import { s3Remove } from './s3-remove.ts';
import { keyInStore } from './s3-tools.ts';
import type { S3Tools } from './s3-tools.ts';
import { openS3Upload } from './s3-upload.ts';
import { probeConditionalWrites, removeProbe } from './s3-write-probe.ts';

export interface S3BucketSettings extends Pick<
  BucketSettings,
  'storageClass' | 'acl' | 'sse' | 'checksum' | 'conditionalWrites'
> {
  readonly store: S3Store;
  /** The bucket's URL as shown to people. */
  readonly name: string;
  /** In front of every key in the store, as it is; '' for none. */
  readonly prefix: string;
  /** The budget of bodies in flight. */
  readonly memory: BodyMemory;
  readonly clock: Clock;
  readonly onBoundary: OnBoundary;
  /** Whether it has conditional writes, where a check of the same run found that out already. */
  readonly hasConditionalWrites?: boolean | undefined;
}

/** A bucket, or what lies under a prefix of it, in an S3-compatible store. */
export interface S3Bucket extends Bucket, ObjectRemover {
  /**
   * Whether a write with `ifAbsent` is sure to lose against an object that is there. False, until
   * `check` or a write asked the store: it looks first then, and may replace what comes in between.
   */
  exclusiveCreate(): boolean;
  /**
   * Checks what the run will need. Writes and removes one small object where it will write.
   * @returns notices for people, one line each.
   * @throws FatalError `bucket-unusable`.
   */
  check(needs: S3Needs, signal: AbortSignal): Promise<readonly string[]>;
  /** Closes the store's connections. */
  close(): Promise<void>;
}

function toolsOf(settings: S3BucketSettings): S3Tools {
  const { store, name, prefix, storageClass, acl, sse, checksum } = settings;
  const { memory, clock, onBoundary } = settings;
  const probe = { store, prefix, objects: { storageClass, acl, sse }, checksum };
  const ask = async (signal: AbortSignal): Promise<boolean> => {
    try {
      const supported = await probeConditionalWrites(probe, signal);
      // What stays is one small object under a name of ours.
      await removeProbe(probe, signal).catch(() => undefined);
      return supported;
    } catch (error) {
      throw bucketFailure(error, { bucket: name, doing: 'be asked for conditional writes' });
    }
  };
  const conditional = new S3ConditionalWrites(settings.conditionalWrites, ask);
  if (settings.hasConditionalWrites !== undefined) {
    conditional.remember(settings.hasConditionalWrites);
  }
  const turns = new PartTurns(clock);
  return { ...probe, bucket: name, conditional, memory, turns, clock, onBoundary };
}

function withoutPrefix(page: readonly S3ListedObject[], prefix: string): readonly ListedObject[] {
  const objects: ListedObject[] = [];
  for (const { key: whole, size, etag, lastModifiedMs } of page) {
    const key = keyIfAny(whole.slice(prefix.length));
    // The prefix itself may be an object, such as a folder's marker; no key of ours names it.
    if (key === undefined) continue;
    objects.push({ key, size, etag: quotedEtag(etag) ?? '', lastModifiedMs });
  }
  return objects;
}

async function* list(
  tools: S3Tools,
  range: ListRange,
  signal: AbortSignal,
): AsyncGenerator<readonly ListedObject[]> {
  const { store, bucket, prefix } = tools;
  const after = range.after === undefined ? '' : prefix + range.after;
  try {
    const pages = listPages(store, { prefix: prefix + range.prefix, after }, signal);
    for await (const page of pages) yield withoutPrefix(page, prefix);
  } catch (error) {
    if (signal.aborted && error === signal.reason) throw error;
    throw bucketFailure(error, { bucket, doing: `list ${JSON.stringify(range.prefix)}` });
  }
}

/**
 * A bucket in an S3-compatible store. Small objects go in one PUT, larger ones in parts; every
 * answer to a write is checked before the write counts. Nothing that fails deletes or replaces the
 * object that is there.
 */
export function s3Bucket(settings: S3BucketSettings): S3Bucket {
  const tools = toolsOf(settings);
  return {
    name: settings.name,
    exclusiveCreate: () => tools.conditional.known === true,
    check: (needs, signal) => s3Check(tools, needs, signal),
    close: () => settings.store.close(),
    head: async (key, signal) => {
      signal.throwIfAborted();
      return (await s3Head(tools, key, signal))?.object;
    },
    read: (key, reader, signal, options) => s3Read(tools, key, reader, signal, options?.range),
    list: (range, signal) => list(tools, range, signal),
    putBytes: (key, bytes, metadata, options, signal) =>
      s3Put(tools, { key, metadata, options, signal }, bytes),
    openUpload: async (key, metadata, options, signal) => {
      keyInStore(tools, key);
      return openS3Upload(tools, { key, metadata, options, signal });
    },
    abandonUpload: (key, token, signal) => s3Abandon(tools, key, token, signal),
    remove: (key, signal) => s3Remove(tools, key, signal),
  };
}

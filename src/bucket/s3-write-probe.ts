import { hash } from 'node:crypto';

import type { Headers } from '../model/ports.ts';
import { S3Error } from '../s3/s3-error.ts';
import { setDigest } from './s3-digest.ts';
import { setSettings } from './s3-headers.ts';
import type { S3Tools } from './s3-tools.ts';

/** The object that start checks write, below the bucket's prefix. */
export const PROBE_NAME = '.bucketfill-write-check';

/**
 * Writes that must all succeed before a store counts as one that ignores conditions: another
 * process may delete the object of its own check between two of ours.
 */
const IGNORED_WRITES = 4;

const PROBE_BODY = Buffer.from('Written by bucketfill to check its access. May be deleted.\n');

/** What is needed to write the probe's object. */
export type ProbeTools = Pick<S3Tools, 'store' | 'prefix' | 'objects' | 'checksum'>;

async function write(tools: ProbeTools, condition: Headers, signal: AbortSignal): Promise<void> {
  const headers: Record<string, string> = { 'content-type': 'text/plain' };
  setSettings(headers, tools.objects, undefined);
  setDigest(headers, tools.checksum, PROBE_BODY, hash('md5', PROBE_BODY));
  Object.assign(headers, condition);
  await tools.store.send(
    { method: 'PUT', key: tools.prefix + PROBE_NAME, query: [], headers, body: PROBE_BODY },
    () => Promise.resolve(),
    signal,
  );
}

/** Whether the store said that it has no conditional writes; 400 comes from some that know a few. */
export function isNotImplemented(error: unknown): boolean {
  if (!(error instanceof S3Error)) return false;
  return error.status === 501 || (error.status === 400 && error.code === 'NotImplemented');
}

/** Writes the probe's object, whatever is there. Throws as `S3Store.send`. */
export async function writeProbe(tools: ProbeTools, signal: AbortSignal): Promise<void> {
  await write(tools, {}, signal);
}

/**
 * Finds out whether a store honours `If-None-Match: *`, by writing the probe's object under that
 * condition until it is refused, which also shows that this bucket may be written to.
 * Throws as `S3Store.send`.
 */
export async function probeConditionalWrites(
  tools: ProbeTools,
  signal: AbortSignal,
): Promise<boolean> {
  for (let written = 0; written < IGNORED_WRITES; written += 1) {
    try {
      await write(tools, { 'if-none-match': '*' }, signal);
    } catch (error) {
      if (error instanceof S3Error && error.status === 412) return true;
      if (!isNotImplemented(error)) throw error;
      await writeProbe(tools, signal);
      return false;
    }
  }
  return false;
}

/** Removes the probe's object. Throws as `S3Store.send`. */
export async function removeProbe(tools: ProbeTools, signal: AbortSignal): Promise<void> {
  await tools.store.send(
    { method: 'DELETE', key: tools.prefix + PROBE_NAME, query: [], headers: {}, body: undefined },
    () => Promise.resolve(),
    signal,
  );
}

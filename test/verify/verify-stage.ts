import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ObjectEvent, VerifyTotals } from '../../src/model/event.ts';
import { encodedKey } from '../support/fault-origin-adapter.ts';
import type { FaultAnswer } from '../support/fault-origin-script.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { indexOf } from '../support/index-site.ts';
import { type CliOptions, type CliResult, runCli } from '../support/run-cli.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { STORE_ENV } from '../support/store-rules.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const run = promisify(execFile);

/** An origin that does what it is told, with a bucket that a migrate has filled from it. */
export interface VerifyStage {
  readonly site: FaultOrigin;
  /** The bucket's store; undefined where it is a directory. */
  readonly store: S3Double | undefined;
  readonly place: Workplace;
  /** What the origin answers to a key from now on; its index page names every key so far. */
  readonly give: (key: string, answer: FaultAnswer) => void;
  /** What the origin's index page names from now on. */
  readonly name: (links: readonly string[]) => void;
  /** Puts other bytes under a key of the bucket, with nothing else changed but what must. */
  readonly spoil: (key: string, bytes: Buffer) => Promise<void>;
  readonly remove: (key: string) => Promise<void>;
  readonly verify: (args?: readonly string[], options?: CliOptions) => Promise<CliResult>;
  readonly close: () => Promise<void>;
}

/** A dated answer with an ETag of its own. */
export function dated(body: string): FaultAnswer {
  const headers = { etag: `"of-${body.length}"`, 'last-modified': LAST_MODIFIED };
  return { body, headers };
}

export const LAST_MODIFIED = 'Fri, 20 Nov 2026 04:00:00 GMT';

/**
 * Starts the stage with those objects in both sides.
 * @param more at the end of the rules file; SITE is the origin's URL
 */
export async function verifyStage(
  bucket: 'directory' | 's3',
  objects: Readonly<Record<string, FaultAnswer>>,
  more = '',
): Promise<VerifyStage> {
  const site = await faultOrigin();
  const store = bucket === 's3' ? await startS3Double() : undefined;
  const rules = rulesFor([`${site.url}/`], [], more.replaceAll('SITE', site.url));
  const place = await workplace(store === undefined ? rules : inStore(rules, store));
  const links = new Set<string>();
  const name = (named: readonly string[]): void => {
    site.script('/', { body: indexOf(named), headers: { 'content-type': 'text/html' } });
  };
  const give = (key: string, answer: FaultAnswer): void => {
    site.script(`/${encodedKey(key)}`, answer);
    links.add(encodedKey(key));
    name([...links]);
  };
  for (const [key, answer] of Object.entries(objects)) give(key, answer);
  await place.list(Object.keys(objects));
  const filled = await place.migrate([], { env: STORE_ENV });
  if (filled.code !== 0) throw new Error(filled.stderr);
  return {
    site,
    store,
    place,
    give,
    name,
    spoil: async (key, bytes) => {
      if (store === undefined) await replaceFile(path.join(place.bucket, key), bytes);
      else replaceIn(store, key, bytes);
    },
    remove: async (key) => {
      store?.bucket('bucket').objects.delete(key);
      if (store === undefined) await rm(path.join(place.bucket, key));
    },
    verify: (args = [], options = {}) =>
      runCli(['verify', place.rules, '--json', ...args], { env: STORE_ENV, ...options }),
    close: async () => {
      await Promise.all([site.close(), store?.close(), place.remove()]);
    },
  };
}

function inStore(rules: string, { endpoint }: S3Double): string {
  const bucket = `url: s3://bucket\n  endpoint: ${endpoint}\n  credentials: { env: DEST }`;
  return rules.replace('url: file:./bucket', bucket);
}

/** Other bytes in the very file, and its time as it was to the nanosecond. */
async function replaceFile(file: string, bytes: Buffer): Promise<void> {
  const time = `${file}.time`;
  await run('touch', ['-r', file, time]);
  await writeFile(file, bytes);
  await run('touch', ['-r', time, file]);
  await rm(time);
}

/** The object as it was, with other bytes under its old ETag. */
function replaceIn(store: S3Double, key: string, bytes: Buffer): void {
  const { objects } = store.bucket('bucket');
  const object = objects.get(key);
  if (object === undefined) throw new Error(`there is no ${key}`);
  objects.set(key, { ...object, bytes });
}

/** Key to outcome, `code` behind it where there is one; a key that was told twice is an error. */
export function outcomes({ objects }: CliResult): Record<string, string> {
  const told: Record<string, string> = {};
  for (const event of objects) {
    const name = 'key' in event ? event.key : event.keyBase64;
    if (told[name] !== undefined) throw new Error(`${name} was told twice`);
    const code = 'code' in event && event.code !== undefined ? ` ${event.code}` : '';
    told[name] = `${event.outcome}${code}`;
  }
  return told;
}

/** What is told of why, by key. */
export function messages({ objects }: CliResult): Record<string, string> {
  const withMessage = objects.filter(
    (event): event is ObjectEvent & { readonly key: string; readonly message: string } =>
      'key' in event && 'message' in event,
  );
  return Object.fromEntries(withMessage.map(({ key, message }) => [key, message]));
}

export function totalsOf({ summary, stderr }: CliResult): VerifyTotals {
  if (summary?.verify === undefined) throw new Error(`there are no totals: ${stderr}`);
  return summary.verify;
}

import { createHash } from 'node:crypto';

import type { Bucket } from '../../src/model/bucket.ts';
import { bucketAt } from '../bucket/directory-under-test.ts';
import type { CliOptions, CliResult } from '../support/run-cli.ts';
import { DOUBLE_KEYS, type S3Double } from '../support/s3-double.ts';
import type { DoubleObject } from '../support/s3-double-state.ts';
import { type Workplace, workplace } from '../support/workplace.ts';
import { bytesOf } from './exact-site.ts';
import { PLAIN_OBJECT } from '../support/plain-object.ts';

/** The keys of a store under test, by the name `STORE`. */
export const STORE_ENV = {
  STORE_ACCESS_KEY_ID: DOUBLE_KEYS.accessKeyId,
  STORE_SECRET_ACCESS_KEY: DOUBLE_KEYS.secretAccessKey,
};

/** A directory bucket beside the rules. */
export const DIRECTORY = '{ url: "file:./bucket" }';

/** A bucket of a store, as the rules name it: as a bucket or as an origin. */
export function atStore({ endpoint }: { readonly endpoint: string }, bucket: string): string {
  return `{ url: "s3://${bucket}/", endpoint: "${endpoint}", credentials: { env: STORE } }`;
}

/** One way for objects to go. */
export interface Road {
  /** One address, as YAML. */
  readonly master: string;
  /** As YAML. */
  readonly bucket: string;
  /** The rule's `key`, as YAML. */
  readonly rewrite?: string;
}

/** A folder whose rules lead along `road`. */
export async function startOf({ master, bucket, rewrite = '{}' }: Road): Promise<Workplace> {
  return workplace(`version: 1
allowPrivate: true
bucket: ${bucket}
rules:
  - { id: all, key: ${rewrite}, origins: { masters: [${master}], retries: { perAddress: 1 } } }
`);
}

/** Key to text of everything in a bucket. */
export type Inside = ReadonlyMap<string, string>;

/** What became of a list of keys. */
export interface Arrival {
  readonly runs: readonly CliResult[];
  readonly inside: Inside;
}

/** Copies `keys` along `road` in two runs, of which the first is killed at a committed object. */
export async function travel(
  road: Road,
  keys: readonly string[],
  killedAt: number,
  look: (place: Workplace) => Promise<Inside>,
  options: CliOptions = { env: STORE_ENV },
): Promise<Arrival> {
  const place = await startOf(road);
  try {
    await place.list(keys);
    const killAt = { boundary: 'bucket.committed', time: killedAt };
    const killed = await place.migrate(['--concurrency', '8'], { ...options, killAt });
    const resumed = await place.migrate([], options);
    return { runs: [killed, resumed], inside: await look(place) };
  } finally {
    await place.remove();
  }
}

/** What a directory bucket holds, by its own listing. */
export async function insideDirectory(place: Workplace): Promise<Inside> {
  const bucket: Bucket = await bucketAt(place.bucket);
  const { signal } = new AbortController();
  const found = new Map<string, string>();
  for await (const page of bucket.list({ prefix: '' }, signal)) {
    for (const { key, size } of page) {
      const bytes = await bucket.read(key, (answer) => answer.bytes(size), signal);
      found.set(key, Buffer.from(bytes ?? []).toString());
    }
  }
  return found;
}

/** What a bucket of the double holds. */
export function insideDouble(store: S3Double, bucket: string): Inside {
  const { objects } = store.bucket(bucket);
  return new Map(Array.from(objects, ([key, { bytes }]) => [key, bytes.toString()]));
}

/** Puts the object of each key into a bucket, as somebody else would have. */
export function fill(store: S3Double, bucket: string, keys: readonly string[]): void {
  for (const key of keys) store.bucket(bucket).objects.set(key, objectOf(bytesOf(key)));
}

function objectOf(bytes: Buffer): DoubleObject {
  return {
    bytes,
    etag: `"${createHash('md5').update(bytes).digest('hex')}"`,
    lastModifiedMs: 0,
    ...PLAIN_OBJECT,
  };
}

/** Keys that are missing, that nobody asked for, or that have the bytes of another one. */
export function wronglyStored(inside: Inside, keys: readonly string[]): string[] {
  const expected = new Set(keys);
  const missing = keys.filter((key) => !inside.has(key));
  const foreign = [...inside.keys()].filter((key) => !expected.has(key));
  const mixedUp = keys.filter(
    (key) => inside.has(key) && inside.get(key) !== bytesOf(key).toString(),
  );
  return [
    ...missing.map((key) => `missing: ${shown(key)}`),
    ...foreign.map((key) => `foreign: ${shown(key)}`),
    ...mixedUp.map((key) => `with other bytes: ${shown(key)}`),
  ];
}

/**
 * What is wrong with what a killed run and the one after it told: each tells a key at most once,
 * both together tell every key, and exactly `refused` fail, as KEY_INVALID.
 */
export function wronglyTold(
  { runs }: Arrival,
  keys: readonly string[],
  refused: readonly string[],
): string[] {
  const wrong: string[] = [];
  const listed = new Set(keys);
  const all = new Set<string>();
  const failed = new Set<string>();
  for (const { objects } of runs) {
    const told = new Set<string>();
    for (const event of objects) {
      const key = 'key' in event ? event.key : event.keyBase64;
      if (told.has(key)) wrong.push(`told twice: ${shown(key)}`);
      if (!listed.has(key)) wrong.push(`never listed: ${shown(key)}`);
      told.add(key);
      all.add(key);
      if (event.outcome !== 'failed') continue;
      failed.add(key);
      if (event.code !== 'KEY_INVALID') wrong.push(`${event.code}: ${shown(key)}`);
    }
  }
  wrong.push(...keys.filter((key) => !all.has(key)).map((key) => `never told: ${shown(key)}`));
  const expected = new Set(refused);
  const differs = keys.filter((key) => failed.has(key) !== expected.has(key));
  return [...wrong, ...differs.map((key) => `failed or not: ${shown(key)}`)];
}

const shown = (key: string): string => JSON.stringify(key).slice(0, 80);

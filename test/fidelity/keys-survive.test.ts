import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { compareKeys } from '../../src/model/object-key.ts';
import { runCli } from '../support/run-cli.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { anyKeys, hasDotSegments, isListable } from './any-keys.ts';
import { type ExactSite, bytesOf, exactSite } from './exact-site.ts';
import {
  type Arrival,
  DIRECTORY,
  STORE_ENV,
  atStore,
  fill,
  insideDirectory,
  insideDouble,
  startOf,
  travel,
  wronglyStored,
  wronglyTold,
} from './roads.ts';

/** A list that begins with no byte order mark, whatever the keys begin with. */
const FIRST = 'first of the list';

/** Set for more rounds than a quick run has: each starts eight processes. */
const ROUNDS = Number(process.env['FIDELITY_ROUNDS'] ?? 1);

const ROUND_TIMEOUT_MS = 60_000;

interface Expectation {
  readonly arrival: Arrival;
  readonly keys: readonly string[];
  readonly refused: readonly string[];
}

function expectArrived({ arrival, keys, refused }: Expectation): void {
  const unfit = new Set(refused);
  const fit = keys.filter((key) => !unfit.has(key));
  expect(wronglyStored(arrival.inside, fit)).toEqual([]);
  expect(wronglyTold(arrival, keys, refused)).toEqual([]);
  const [killed, resumed] = arrival.runs;
  expect(killed?.code).toBeNull();
  expect(resumed?.code).toBe(refused.length === 0 ? 0 : 3);
}

describe('keys of every kind', () => {
  test(
    'arrive as themselves from a site and from a store, in a store and in a directory',
    async () => {
      const killedAt = fc.integer({ min: 1, max: 50 });
      const property = fc.asyncProperty(anyKeys, fc.boolean(), killedAt, expectAllRoadsFaithful);
      await fc.assert(property, { numRuns: ROUNDS, endOnFailure: true });
    },
    ROUND_TIMEOUT_MS * ROUNDS,
  );
});

async function expectAllRoadsFaithful(
  some: readonly string[],
  inOrder: boolean,
  killedAt: number,
): Promise<void> {
  const keys = [FIRST, ...some.filter(isListable)];
  if (inOrder) keys.sort(compareKeys);
  const [site, store] = await Promise.all([
    exactSite(keys),
    startS3Double({ buckets: ['full', 'filled', 'copied'] }),
  ]);
  fill(store, 'full', keys);
  const fromSite = `"${site.url}"`;
  const [full, filled, copied] = ['full', 'filled', 'copied'].map((name) => atStore(store, name));
  const look = (name: string) => () => Promise.resolve(insideDouble(store, name));
  try {
    const [siteToStore, siteToDirectory, storeToStore, storeToDirectory] = await Promise.all([
      travel({ master: fromSite, bucket: filled ?? '' }, keys, killedAt, look('filled')),
      travel({ master: fromSite, bucket: DIRECTORY }, keys, killedAt, insideDirectory),
      travel({ master: full ?? '', bucket: copied ?? '' }, keys, killedAt, look('copied')),
      travel({ master: full ?? '', bucket: DIRECTORY }, keys, killedAt, insideDirectory),
    ]);
    const refused = keys.filter(hasDotSegments);
    expectArrived({ arrival: siteToStore, keys, refused });
    expectArrived({ arrival: siteToDirectory, keys, refused });
    expectArrived({ arrival: storeToStore, keys, refused: [] });
    expectArrived({ arrival: storeToDirectory, keys, refused: [] });
    const fit = keys.filter((key) => !hasDotSegments(key));
    expect(new Set(site.asked)).toEqual(new Set(fit));
  } finally {
    await Promise.all([site.close(), store.close()]);
  }
}

describe('keys with dot segments', () => {
  const STAYING = ['a/../b', './a', 'a/.', 'x/y/../../z', '...', 'a/b/..', '%2e%2e/a', 'a/.b'];
  const CLIMBING = ['..', '../b', 'a/../../b', '/..', 'a//../../b'];
  const keys = [...STAYING, ...CLIMBING];
  let site: ExactSite;

  beforeEach(async () => {
    site = await exactSite(keys);
  });
  afterEach(async () => {
    await site.close();
  });

  test('are sent as they are where the rule says so, and only those that climb out fail', async () => {
    const road = {
      master: `"${site.url}"`,
      bucket: DIRECTORY,
      rewrite: '{ dotSegments: send }',
    };
    const arrival = await travel(road, keys, 2, insideDirectory);
    expectArrived({ arrival, keys, refused: CLIMBING });
    expect(new Set(site.asked)).toEqual(new Set(STAYING));
  });
});

describe('keys that no plain list can say', () => {
  const keys = ['line\nbreak', '\n', 'ends with\r', 'line\r\nbreak\r\n', 'a/\n/b'];
  let site: ExactSite;
  let store: S3Double;

  beforeEach(async () => {
    [site, store] = await Promise.all([exactSite(keys), startS3Double({ buckets: ['filled'] })]);
  });
  afterEach(async () => {
    await Promise.all([site.close(), store.close()]);
  });

  test('arrive as themselves where the command line names them', async () => {
    const place = await startOf({ master: `"${site.url}"`, bucket: atStore(store, 'filled') });
    const run = await runCli(['prefetch', place.rules, '--json', ...keys], { env: STORE_ENV });
    await place.remove();
    expect(run.code).toBe(0);
    expect(wronglyTold({ runs: [run], inside: new Map() }, keys, [])).toEqual([]);
    expect(wronglyStored(insideDouble(store, 'filled'), keys)).toEqual([]);
  });

  test('are cut where a list says them, and what they are cut into is told', async () => {
    const pieces = ['line', 'break', 'ends with'];
    const place = await startOf({ master: `"${site.url}"`, bucket: DIRECTORY });
    await place.list(['line\nbreak', 'ends with\r']);
    const run = await place.migrate();
    await place.remove();
    const told = run.objects.map((event) => ('key' in event ? event.key : ''));
    expect(told.sort()).toEqual([...pieces].sort());
    expect(new Set(site.asked)).toEqual(new Set(pieces));
  });
});

test('the objects of two keys differ, so that none is taken for another', () => {
  fc.assert(
    fc.property(anyKeys, (keys) => {
      expect(new Set(keys.map((key) => bytesOf(key).toString())).size).toBe(keys.length);
    }),
    { numRuns: 20 },
  );
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OriginWalk, WalkPlace, WalkStep } from '../../../src/model/walk.ts';
import { s3Listing } from '../../../src/scan/walk/s3-listing.ts';
import { NEVER, storeUnderTest, type StoreUnderTest } from '../../s3/store-under-test.ts';
import { type S3Double, startS3Double } from '../../support/s3-double.ts';
import type { ListingFault } from '../../support/s3-double-listing.ts';
import { PLAIN_OBJECT } from '../../support/plain-object.ts';

let double: S3Double;
let tested: StoreUnderTest;

beforeEach(async () => {
  double = await startS3Double({
    buckets: ['b'],
    keys: [{ accessKeyId: 'AK', secretAccessKey: 'SK' }],
  });
  tested = storeUnderTest(double.endpoint, {
    clock: { now: Date.now, sleep: () => Promise.resolve() },
  });
});

afterEach(async () => {
  await tested.store.close();
  await tested.client.close();
  await double.close();
});

function hold(keys: readonly string[]): void {
  for (const [index, key] of keys.entries()) {
    double.bucket('b').objects.set(key, {
      bytes: Buffer.alloc(index % 7),
      etag: `"e${String(index)}"`,
      lastModifiedMs: 1_700_000_000_400,
      ...PLAIN_OBJECT,
    });
  }
}

function walkOf(base = '', from = ''): OriginWalk {
  return s3Listing({ store: tested.store, name: `s3://b/${base}`, base, from });
}

async function stepsOf(walk: OriginWalk, place: WalkPlace): Promise<WalkStep[]> {
  const steps: WalkStep[] = [];
  for await (const piece of walk.walk(place, NEVER)) {
    expect(piece.links).toBe(piece.steps.length);
    steps.push(...piece.steps);
  }
  return steps;
}

/** All keys, by the place they were found in. */
async function walked(walk: OriginWalk): Promise<{ keys: string[]; places: WalkPlace[] }> {
  const [keys, places]: [string[], WalkPlace[]] = [[], [...walk.start()]];
  for (let at = 0; at < places.length; at += 1) {
    const place = places[at];
    if (place === undefined) break;
    for (const step of await stepsOf(walk, place)) {
      if (step.kind === 'place') places.push(step.place);
      else if (step.kind === 'object') {
        expect(step.originKey.startsWith(place.prefix)).toBe(true);
        keys.push(step.originKey);
      }
    }
  }
  return { keys, places };
}

const ODD = ['/a', 'a b+%2F', 'a//b', 'a/../b', 'a\nb/c', 'b/', 'b/c', 'é/\u{1f600}', 'x/<&>"'];

describe('a bucket', () => {
  it('comes with every key as it is, each once, and with what the listing tells', async () => {
    hold(ODD);
    const { keys } = await walked(walkOf());
    expect(keys.toSorted()).toEqual(ODD.toSorted());
    const steps = await stepsOf(walkOf(), { at: 'behind  ', prefix: 'a b' });
    expect(steps.filter(({ kind }) => kind === 'object')).toContainEqual({
      kind: 'object',
      originKey: 'a b+%2F',
      size: 1,
      etag: '"e1"',
      lastModifiedMs: 1_700_000_000_000,
      resolutionMs: 1000,
    });
  });

  it('counts keys from its base, and is listed only where they can be', async () => {
    hold(['p/q/1', 'p/q/2', 'p/r', 'pq', 'z']);
    expect((await walked(walkOf('p/', 'q/'))).keys).toEqual(['q/1', 'q/2']);
    expect(double.requests.every(({ path }) => path.includes('prefix=p%2Fq%2F'))).toBe(true);
  });

  it('without objects has none', async () => {
    expect(await walked(walkOf())).toEqual({ keys: [], places: walkOf().start() });
  });

  it('says of levels and of pages when they were listed, by the store’s own clock', async () => {
    hold(['a/1', 'b']);
    const [level] = walkOf().start();
    const run = { at: 'behind  ', prefix: '' };
    for (const place of [level, run]) {
      for await (const piece of walkOf().walk(place ?? run, NEVER)) {
        expect(piece.asOfMs).toSatisfy((ms: number) => ms > 1_700_000_000_000 && ms % 1000 === 0);
      }
    }
  });

  it('has a place for each of its few prefixes, below levels with only one', async () => {
    hold(['one/two/a/1', 'one/two/b/1', 'one/two/c']);
    const { keys, places } = await walked(walkOf());
    expect(keys.toSorted()).toEqual(['one/two/a/1', 'one/two/b/1', 'one/two/c']);
    expect(places.map(({ prefix }) => prefix)).toEqual([
      '',
      'one/',
      'one/two/',
      'one/two/a/',
      'one/two/b/',
    ]);
  });

  it('of many prefixes is listed flat, in runs of pages that follow each other', async () => {
    const many = Array.from({ length: 100 }, (_, index) => `p${String(index)}/k`);
    hold(many);
    double.switches.maxPageKeys = 1;
    const { keys, places } = await walked(walkOf());
    expect(keys.toSorted()).toEqual(many.toSorted());
    const runs = ['behind', 'behind', 'behind', 'behind'];
    expect(places.map(({ at }) => at.split(' ')[0])).toEqual(['level', ...runs]);
    expect(double.requests).toHaveLength(1 + 100);
  });

  it('of more prefixes than are worth a request each is listed flat', async () => {
    const many = Array.from({ length: 65 }, (_, index) => `p${String(index)}/k`);
    hold(many);
    const { keys } = await walked(walkOf());
    expect(keys.toSorted()).toEqual(many.toSorted());
    expect(double.requests).toHaveLength(2);
  });

  it('goes on behind the last key of a run, below its base too', async () => {
    const many = Array.from({ length: 80 }, (_, index) => `base x/${String(index)}`);
    hold(many);
    double.switches.maxPageKeys = 2;
    const { keys, places } = await walked(walkOf('base x/'));
    expect(keys.map((key) => `base x/${key}`)).toEqual(many.toSorted());
    expect(places).toHaveLength(3);
  });

  it('of a store that has version 1 only is complete too', async () => {
    hold(ODD);
    double.switches.listV2 = false;
    double.switches.maxPageKeys = 2;
    expect((await walked(walkOf())).keys.toSorted()).toEqual(ODD.toSorted());
  });
});

describe('a listing that can not be complete', () => {
  it.each<ListingFault>(['outOfOrder', 'truncatedWithoutToken', 'repeatsPage'])(
    'fails and never ends early: %s',
    async (how) => {
      hold(['a/1', 'a/2', 'a/3', 'b/1', 'c']);
      double.switches.maxPageKeys = 2;
      const operation = 'ListObjectsV2';
      double.fail({ operation, nth: 2, times: 99, action: { kind: 'listing', how } });
      await expect(walked(walkOf())).rejects.toMatchObject({
        name: 'Failure',
        code: 'ORIGIN_STATUS',
      });
    },
  );

  it('fails where the store fails, and says which bucket', async () => {
    hold(['a']);
    double.fail({
      operation: 'ListObjectsV2',
      times: 99,
      action: { kind: 'refuse', status: 403, code: 'AccessDenied' },
    });
    await expect(walked(walkOf())).rejects.toThrow(/s3:\/\/b\/.* could not list objects/);
  });

  it.each<ListingFault>(['outOfOrder'])('level is left to the flat listing: %s', async (how) => {
    hold(['a/1', 'b', 'c']);
    double.fail({ operation: 'ListObjectsV2', action: { kind: 'listing', how } });
    expect((await walked(walkOf())).keys).toEqual(['a/1', 'b', 'c']);
  });
});

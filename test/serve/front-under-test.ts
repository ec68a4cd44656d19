import type { Bucket } from '../../src/model/bucket.ts';
import type { Origin } from '../../src/model/origin.ts';
import type { Served } from '../../src/model/served.ts';
import { Fills } from '../../src/serve/fills.ts';
import { type Front, openFront } from '../../src/serve/front.ts';
import { NegativeCache } from '../../src/serve/negative-cache.ts';
import type { Serving } from '../../src/serve/serving.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { type MemoryBucket, memoryBucket } from '../support/memory-bucket.ts';
import { scriptedOrigin } from '../support/scripted-origin.ts';
import { rulesOf } from '../rules/rules-of.ts';
import { type SpaceUnderTest, spaceUnderTest } from './spool-under-test.ts';

/** A front with nothing but memory behind it. */
export interface FrontUnderTest {
  readonly front: Front;
  readonly url: string;
  readonly bucket: MemoryBucket;
  readonly fills: Fills;
  readonly served: readonly Served[];
  readonly close: () => Promise<void>;
}

export interface FrontOptions {
  /** For each key; default: one that fails whatever it is asked. */
  readonly origin?: Origin;
  /** The bucket as the proxy sees it. */
  readonly seen?: (bucket: MemoryBucket) => Bucket;
  readonly spools?: Parameters<typeof spaceUnderTest>[0];
}

export async function frontUnderTest({
  origin = scriptedOrigin([]),
  seen = (bucket) => bucket,
  spools,
}: FrontOptions = {}): Promise<FrontUnderTest> {
  const clock = fakeClock();
  const bucket = memoryBucket();
  const space: SpaceUnderTest = await spaceUnderTest(spools);
  const { rules } = rulesOf('rules: [{ id: all, origins: { masters: ["https://o.example/"] } }]');
  const headers = { headers: {}, secrets: new Set<string>() };
  const source = { origin, headers, checkKey: () => undefined };
  const stop = new AbortController();
  const fills = new Fills(stop.signal);
  const served: Served[] = [];
  const serving = {
    inForce: () => ({ rules, sources: new Map([['all', source]]), redirectBases: new Map() }),
    bucket: seen(bucket),
    fills,
    negative: new NegativeCache(() => clock.now()),
    spools: space.space,
    memory: { limitBytes: Infinity, reserve: () => never(), begin: () => never(), onWanted: never },
    clock,
    name: 'under-test',
    onOriginRequest: () => undefined,
    onFilled: () => undefined,
    onTrouble: () => undefined,
    pending: NOTHING_PENDING,
  };
  const onServed = (one: Served): void => {
    served.push(one);
  };
  const front = await openFront({ listen: { host: '127.0.0.1', port: 0 }, serving, onServed });
  return {
    front,
    url: `http://127.0.0.1:${front.address.port}`,
    bucket,
    fills,
    served,
    close: async () => {
      await front.drain(AbortSignal.abort());
      fills.cancelAll();
      await fills.settled();
      await space.remove();
    },
  };
}

const NOTHING_PENDING: Serving['pending'] = {
  record: () => Promise.resolve(),
  done: () => Promise.resolve(),
  all: () => Promise.resolve([]),
  takeOver: () => Promise.resolve([]),
};

function never(): never {
  throw new Error('no fill takes of the budget itself');
}

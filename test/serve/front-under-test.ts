import type { Bucket } from '../../src/model/bucket.ts';
import type { Claims } from '../../src/model/claims.ts';
import type { Origin } from '../../src/model/origin.ts';
import type { Served } from '../../src/model/served.ts';
import { Fills } from '../../src/serve/fills.ts';
import { type Front, openFront } from '../../src/serve/front.ts';
import { HeldKeys } from '../../src/serve/held-keys.ts';
import { NegativeCache } from '../../src/serve/negative-cache.ts';
import type { PendingFills } from '../../src/model/pending-fills.ts';
import type { Clock } from '../../src/model/ports.ts';
import { PromisedFills } from '../../src/serve/promised-fills.ts';
import { OpenUploads } from '../../src/transfer/open-uploads.ts';
import { memoryClaims } from '../support/memory-claims.ts';
import { memoryPendingFills } from '../support/memory-pending-fills.ts';
import { memoryUploadJournal } from '../support/memory-upload-journal.ts';
import { fakeClock, type FakeClock } from '../support/fake-clock.ts';
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
  /** Time passes only by it. */
  readonly clock: FakeClock;
  readonly served: readonly Served[];
  /** As SIGTERM, for those who wait for other processes. */
  readonly tellToStop: () => void;
  readonly close: () => Promise<void>;
}

export interface FrontOptions {
  /** For each key; default: one that fails whatever it is asked. */
  readonly origin?: Origin;
  /** The bucket as the proxy sees it. */
  readonly seen?: (bucket: MemoryBucket) => Bucket;
  readonly spools?: Parameters<typeof spaceUnderTest>[0];
  /** Of the one rule; default: mirror. */
  readonly action?: 'mirror' | 'redirectAndFetch';
  readonly pending?: PendingFills;
  /** The clock on the wall; default: one that nobody sets. */
  readonly wall?: Clock;
  /** What other processes do; default: there is none. */
  readonly claims?: Claims;
}

export async function frontUnderTest({
  origin = scriptedOrigin([]),
  seen = (bucket) => bucket,
  spools,
  action = 'mirror',
  pending = memoryPendingFills().open().pending,
  wall,
  claims = memoryClaims().open().claims,
}: FrontOptions = {}): Promise<FrontUnderTest> {
  const clock = fakeClock();
  const bucket = memoryBucket();
  const space: SpaceUnderTest = await spaceUnderTest(spools);
  const { rules } = rulesOf(
    `rules: [{ id: all, action: ${action}, origins: { masters: ["https://o.example/"] } }]`,
  );
  const headers = { headers: {}, secrets: new Set<string>() };
  const source = { origin, headers, checkKey: () => undefined };
  const [stop, told] = [new AbortController(), new AbortController()];
  const fills = new Fills(stop.signal);
  const served: Served[] = [];
  const serving = {
    inForce: () => ({
      rules,
      sources: new Map([['all', source]]),
      redirectBases: new Map([['all', 'https://o.example/']]),
    }),
    bucket: seen(bucket),
    fills,
    negative: new NegativeCache(() => clock.now()),
    spools: space.space,
    memory: { limitBytes: Infinity, reserve: () => never(), begin: () => never(), onWanted: never },
    clock: wall ?? clock,
    name: 'under-test',
    onOriginRequest: () => undefined,
    onFilled: () => undefined,
    promised: new PromisedFills(pending, () => undefined),
    held: new HeldKeys({ claims, owner: 'serve', steadyClock: clock, drain: told.signal }),
    uploads: await OpenUploads.load(memoryUploadJournal(), () => clock.now()),
    steadyClock: clock,
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
    clock,
    served,
    tellToStop: () => {
      told.abort(new Error('SIGTERM'));
    },
    close: async () => {
      await front.drain(AbortSignal.abort());
      fills.cancelAll();
      await fills.settled();
      await space.remove();
    },
  };
}

function never(): never {
  throw new Error('no fill takes of the budget itself');
}

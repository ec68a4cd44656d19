import { afterEach, beforeEach, expect, test } from 'vitest';
import { byteBudget } from '../../src/guard/byte-budget.ts';
import type { BodyMemory } from '../../src/model/body-memory.ts';
import type { Bucket, Upload } from '../../src/model/bucket.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { Origin, OriginRequest, ReadOn } from '../../src/model/origin.ts';
import type { UploadJournal } from '../../src/model/upload-journal.ts';
import { OpenUploads } from '../../src/transfer/open-uploads.ts';
import { transferObject } from '../../src/transfer/transfer-object.ts';
import type { TransferOutcome } from '../../src/transfer/transfer-outcome.ts';
import { originRequest } from '../contract/origin-contract.ts';
import { type MemoryBucket, memoryBucket } from '../support/memory-bucket.ts';
import { memoryUploadJournal } from '../support/memory-upload-journal.ts';
import { storeSettings } from '../support/settings.ts';
import { type BreakingObject, breakingOrigin } from './breaking-origin.ts';

const MIB = 1024 ** 2;
const MARK_EVERY = 300_000;
const MULTIPART = { thresholdBytes: MIB, partSizeBytes: MARK_EVERY, concurrency: 1 };
const A = Buffer.alloc(2_000_000, 'version A ');
/** Where the first try breaks off, and the last mark before that. */
const BROKEN_AT = 1_000_000;
const MARKED = 900_000;
const OBJECT: BreakingObject = { bytes: A, framing: 'length', etag: '"a"', breaks: [BROKEN_AT] };

/** A budget with room for all, whose offers the test takes. */
class TestMemory implements BodyMemory {
  readonly #budget = byteBudget(1024 * MIB);
  readonly limitBytes = this.#budget.limitBytes;
  readonly offers = new Set<() => Promise<void>>();

  reserve(bytes: number, signal: AbortSignal): ReturnType<BodyMemory['reserve']> {
    return this.#budget.reserve(bytes, signal);
  }

  begin(signal: AbortSignal): ReturnType<BodyMemory['begin']> {
    return this.#budget.begin(signal);
  }

  onWanted(giveUp: () => Promise<void>): () => void {
    this.offers.add(giveUp);
    return () => this.offers.delete(giveUp);
  }

  /** Somebody wants memory now. */
  async take(): Promise<void> {
    for (const giveUp of this.offers) {
      this.offers.delete(giveUp);
      await giveUp();
    }
  }
}

let memory: TestMemory;
let bucket: MemoryBucket;
let journal: UploadJournal;
/** What each request asked for: nothing is all. */
let asked: (number | undefined)[];

beforeEach(() => {
  memory = new TestMemory();
  bucket = memoryBucket({ markEvery: MARK_EVERY });
  journal = memoryUploadJournal();
  asked = [];
});
afterEach(() => {
  // Whatever came of it, nobody is asked to give up what is over.
  expect(memory.offers.size).toBe(0);
});

/** What happens between two tries, told of the request as wrappers see it. */
type Between = (request: OriginRequest) => void | Promise<void>;

/** Up to three tries at one address. */
function tries(origin: Origin, between: Between): Origin {
  return {
    ...origin,
    read: async (request, reader, signal) => {
      for (let turn = 1; ; turn += 1) {
        try {
          return await origin.read(request, reader, signal);
        } catch (error) {
          if (turn === 3) throw error;
          await between(request);
        }
      }
    },
  };
}

interface Course {
  readonly between?: Between;
  /** Happens while a request is on its way, counted from 1. */
  readonly onTheWay?: (turn: number) => void | Promise<void>;
  readonly into?: Bucket;
}

async function transfer(object: BreakingObject, course: Course): Promise<TransferOutcome> {
  const { between = () => undefined, onTheWay, into = bucket } = course;
  const origin = breakingOrigin({
    objects: new Map([['k', object]]),
    clock: { sleep: () => Promise.resolve() },
    firstByteMs: 0,
    onAsked: async (_key: string, rest: ReadOn | undefined) => {
      asked.push(rest?.offset);
      await onTheWay?.(asked.length);
    },
  });
  return transferObject(
    {
      entry: { key: objectKey('k') },
      source: tries(origin, between),
      request: originRequest('k'),
      bucket: into,
      store: storeSettings({ multipart: MULTIPART }),
      ifAbsent: true,
      stored: undefined,
      memory,
      uploads: await OpenUploads.load(journal, () => 0),
    },
    new AbortController().signal,
  );
}

async function expectStored(bytes: Buffer): Promise<void> {
  expect(bucket.contents.get('k')?.equals(bytes)).toBe(true);
  expect([bucket.openUploads(), bucket.suspended.size]).toEqual([0, 0]);
  expect(await journal.all()).toEqual([]);
}

/** The bucket, whose uploads take until `until` to be suspended; `log` is told when they are. */
function slowToSuspend(until: Promise<void>, log: string[]): Bucket {
  const slow = (upload: Upload): Upload => {
    const { lasting } = upload;
    if (lasting === undefined) return upload;
    const suspend = async (): Promise<void> => {
      await until;
      await lasting.suspend();
      log.push('suspended');
    };
    return { ...upload, lasting: { ...lasting, suspend } };
  };
  return {
    ...bucket,
    openUpload: async (...upload) => {
      log.push('opened');
      return slow(await bucket.openUpload(...upload));
    },
  };
}

/** A promise that is kept a moment later. */
const aMomentLater = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

test('what was given up still counts as begun, so that its address is asked first', async () => {
  const begun: unknown[] = [];
  await transfer(OBJECT, {
    between: async (request) => {
      await memory.take();
      begun.push(request.begun?.());
    },
  });
  expect(begun).toEqual([{ origin: 'http://o.example/', bytes: BROKEN_AT }]);
  expect(asked).toEqual([undefined, MARKED]);
  await expectStored(A);
});

test('what was given up and then thrown away counts as begun no more', async () => {
  const begun: unknown[] = [];
  const other = A.subarray(0, 1000);
  const changing: BreakingObject = {
    ...OBJECT,
    breaks: [BROKEN_AT, 7],
    get bytes() {
      return asked.length > 1 ? other : A;
    },
    get etag() {
      return asked.length > 1 ? '"b"' : '"a"';
    },
  };
  await transfer(changing, {
    between: async (request) => {
      if (begun.length === 0) await memory.take();
      begun.push(request.begun?.());
    },
  });
  expect(begun).toEqual([{ origin: 'http://o.example/', bytes: BROKEN_AT }, undefined]);
  await expectStored(other);
});

test('a transfer that failed holds nothing that it could give up', async () => {
  const cut: BreakingObject = { ...OBJECT, breaks: [BROKEN_AT, BROKEN_AT, BROKEN_AT] };
  await expect(transfer(cut, {})).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
  expect([bucket.contents.size, bucket.openUploads(), memory.offers.size]).toEqual([0, 0, 0]);
});

test('is taken up again only once it was given up to the end', async () => {
  const log: string[] = [];
  let giving: Promise<void> | undefined;
  await transfer(OBJECT, {
    into: slowToSuspend(aMomentLater(), log),
    between: () => {
      giving = memory.take();
    },
  });
  await giving;
  expect(log).toEqual(['opened', 'suspended', 'opened']);
  await expectStored(A);
});

test('a transfer that fails is over only once all was given up', async () => {
  const log: string[] = [];
  const object: BreakingObject = { ...OBJECT, breaks: [BROKEN_AT, 'silence', 'silence'] };
  let giving: Promise<void> | undefined;
  let letGo = (): void => undefined;
  const until = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const moved = transfer(object, {
    into: slowToSuspend(until, log),
    onTheWay: (turn) => {
      // The last try fails while what was there is still on its way out.
      if (turn === 3) giving = memory.take();
    },
  });
  const over = moved.catch(() => log.push('over'));
  while (giving === undefined) await aMomentLater();
  await aMomentLater();
  letGo();
  await Promise.all([over, giving]);
  expect(log).toEqual(['opened', 'suspended', 'over']);
});

test('given up while the rest was on its way, it asks for what is missing now', async () => {
  await transfer(OBJECT, { onTheWay: (turn) => (turn === 2 ? memory.take() : undefined) });
  expect(asked).toEqual([undefined, BROKEN_AT, MARKED]);
  await expectStored(A);
});

test('given up on the way again and again, it begins anew instead of asking without end', async () => {
  // The address promises the rest of one version and sends that of another.
  const changing: BreakingObject = { ...OBJECT, etagOfRest: '"b"' };
  await transfer(changing, {
    onTheWay: async (turn) => {
      if (turn > 9) throw new Error('it asks without end');
      await memory.take();
    },
  });
  expect(asked).toEqual([undefined, BROKEN_AT, MARKED, undefined]);
  await expectStored(A);
});

test('given up before its second read, a body of unsure end is read and confirmed anew', async () => {
  const unsure: BreakingObject = { bytes: A, framing: 'close', breaks: [] };
  await transfer(unsure, { onTheWay: (turn) => (turn === 2 ? memory.take() : undefined) });
  expect(asked.length).toBeGreaterThan(1);
  await expectStored(A);
});

import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Spool } from '../../src/serve/spool/spool.ts';
import {
  bodyOf,
  collector,
  never,
  NOTHING_USED,
  readSpool,
  type SpaceUnderTest,
  spaceUnderTest,
  turn,
  until,
  watch,
  WHOLE,
  writeAll,
} from './spool-under-test.ts';

const KIB = 1024;

let under: SpaceUnderTest;
let spool: Spool;
let release: () => void;

async function begin(settings?: Parameters<typeof spaceUnderTest>[0]): Promise<void> {
  under = await spaceUnderTest(settings);
  spool = under.space.open();
  release = spool.hold();
}

beforeEach(() => begin());
afterEach(async () => {
  release();
  await under.space.close();
  expect(under.space.usage()).toEqual(NOTHING_USED);
  expect(await under.openFiles()).toBe(0);
  await under.remove();
});

describe('a reader of a spool', () => {
  it.each([
    ['in memory', 64],
    ['partly on disk', 5000],
  ])('gets a body %s whole, whenever it comes', async (_, length) => {
    const body = bodyOf(length);
    const early = readSpool(spool);
    await writeAll(spool, body.subarray(0, length / 2), 7);
    const midway = readSpool(spool);
    await writeAll(spool, body.subarray(length / 2), 7);
    spool.pass();
    expect(await readSpool(spool)).toEqual(body);
    expect(await early).toEqual(body);
    expect(await midway).toEqual(body);
    expect(spool.receivedBytes).toBe(length);
  });

  it('gets an empty body’s end when it passed', async () => {
    const read = readSpool(spool);
    const seen = watch(read);
    await turn(3);
    expect(seen.settled).toBe(false);
    spool.pass();
    expect(await read).toHaveLength(0);
  });

  it('gets just the range it wants, and no more waiting than for that', async () => {
    const body = bodyOf(3000);
    await writeAll(spool, body);
    expect(await readSpool(spool, 10, 2000)).toEqual(body.subarray(10, 2000));
    expect(await readSpool(spool, 2990, 2999)).toEqual(body.subarray(2990, 2999));
    expect(await readSpool(spool, 7, 7)).toHaveLength(0);
    spool.pass();
    expect(await readSpool(spool, 2000, 9999)).toEqual(body.subarray(2000));
    expect(await readSpool(spool, 9999)).toHaveLength(0);
  });

  it('is told how many bytes it was sent', async () => {
    await writeAll(spool, bodyOf(300));
    spool.pass();
    expect(await spool.pipeTo(() => undefined, { from: 100, to: 150 }, never())).toBe(50);
    expect(await spool.pipeTo(() => undefined, { from: 100, to: undefined }, never())).toBe(200);
  });

  it('never gets the last byte that came before the body passed', async () => {
    const read = collector();
    const piped = spool.pipeTo(read.sink, WHOLE, never());
    await writeAll(spool, bodyOf(64), 64);
    await turn(3);
    expect(read.length()).toBe(63);
    await writeAll(spool, bodyOf(1000));
    await until(() => read.length() === 1063);
    await turn(3);
    expect(read.length()).toBe(1063);
    spool.pass();
    expect(await piped).toBe(1064);
  });

  it('gets large bodies in chunks of at most 64 KiB, which stay as they are', async () => {
    release();
    await begin({ memoryBytes: 256 * KIB, diskBytes: 4096 * KIB });
    const body = bodyOf(2048 * KIB);
    const late = collector();
    const tip = collector();
    const atTip = spool.pipeTo(tip.sink, WHOLE, never());
    await writeAll(spool, body, 100_000);
    spool.pass();
    await spool.pipeTo(late.sink, WHOLE, never());
    await atTip;
    for (const { chunks, bytes } of [tip, late]) {
      expect(Math.max(...chunks.map(({ length }) => length))).toBe(64 * KIB);
      expect(bytes().equals(body)).toBe(true);
    }
  });

  it('stops with the signal’s reason, whether it waits for bytes or for its sink', async () => {
    const stop = new AbortController();
    const reason = new Error('the client left');
    await writeAll(spool, bodyOf(100));
    const stopped = [
      spool.pipeTo(() => undefined, WHOLE, stop.signal),
      spool.pipeTo(() => new Promise(() => undefined), WHOLE, stop.signal),
      spool.reached(5000, stop.signal),
    ].map((read) => expect(read).rejects.toBe(reason));
    await turn(3);
    stop.abort(reason);
    await Promise.all(stopped);
    await expect(spool.pipeTo(() => undefined, WHOLE, stop.signal)).rejects.toBe(reason);
    spool.pass();
    expect(await readSpool(spool)).toHaveLength(100);
  });

  it('may be stopped by its own sink', async () => {
    const stop = new AbortController();
    const reason = new Error('the client is gone');
    await writeAll(spool, bodyOf(50));
    const stops = (): Promise<void> => {
      stop.abort(reason);
      return new Promise(() => undefined);
    };
    await expect(spool.pipeTo(stops, WHOLE, stop.signal)).rejects.toBe(reason);
  });

  it('leaves nothing behind at its signal', async () => {
    const signal = never();
    await writeAll(spool, bodyOf(50));
    await spool.pipeTo(() => undefined, { from: 0, to: 10 }, signal);
    await spool.reached(10, signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('throws what its sink throws, and others go on', async () => {
    const broken = new Error('socket');
    const reads = readSpool(spool);
    const piped = spool.pipeTo(() => Promise.reject(broken), WHOLE, never());
    const threw = expect(piped).rejects.toBe(broken);
    await writeAll(spool, bodyOf(100));
    await threw;
    spool.pass();
    expect(await reads).toHaveLength(100);
  });

  it('keeps neither the writer nor others waiting when it is slow', async () => {
    let goOn = (): void => undefined;
    const slow = collector(() => new Promise((resolve) => (goOn = resolve)));
    const piped = spool.pipeTo(slow.sink, WHOLE, never());
    const body = bodyOf(10_000);
    await writeAll(spool, body);
    spool.pass();
    expect(await readSpool(spool)).toEqual(body);
    expect(slow.chunks).toHaveLength(1);
    const seen = watch(piped);
    while (!seen.settled) {
      goOn();
      await turn();
    }
    expect(slow.bytes()).toEqual(body);
  });

  it('is one of five hundred, at the tip, behind and far ahead', async () => {
    const body = bodyOf(8000);
    const reads = Array.from({ length: 500 }, (_, index) => {
      const from = index % 3 === 0 ? 0 : index * 15;
      return { from, read: readSpool(spool, from) };
    });
    await writeAll(spool, body, 333);
    spool.pass();
    for (const { from, read } of reads) expect((await read).equals(body.subarray(from))).toBe(true);
  });
});

describe('waiting for a spool', () => {
  it('ends when so many bytes may be read, and says how many may', async () => {
    const first = spool.reached(40, never());
    const whole = spool.reached(5000, never());
    const seen = [watch(first), watch(whole)];
    expect(await spool.reached(0, never())).toBe(0);
    await spool.write(bodyOf(40));
    await turn(3);
    expect(seen.map(({ settled }) => settled)).toEqual([false, false]);
    await spool.write(bodyOf(20));
    expect(await first).toBe(59);
    expect(seen.map(({ settled }) => settled)).toEqual([true, false]);
    spool.pass();
    expect(await whole).toBe(60);
  });
});

describe('a void body', () => {
  const reason = new Error('the origin altered it');

  it.each([
    ['in memory', 50],
    ['on disk', 5000],
  ])(
    '%s ends no reader cleanly: what waits, sends or comes throws the reason',
    async (_, length) => {
      await writeAll(spool, bodyOf(length));
      const reads = [
        spool.pipeTo(() => undefined, WHOLE, never()),
        spool.pipeTo(() => undefined, { from: 9999, to: undefined }, never()),
        spool.pipeTo(() => new Promise(() => undefined), WHOLE, never()),
        spool.pipeTo(() => turn(), WHOLE, never()),
        spool.reached(9999, never()),
      ].map((read) => expect(read).rejects.toBe(reason));
      await turn();
      spool.fail(reason);
      await Promise.all(reads);
      await expect(readSpool(spool)).rejects.toBe(reason);
      await expect(readSpool(spool, 5, 5)).rejects.toBe(reason);
      expect(() => spool.write(bodyOf(1))).toThrow(reason);
    },
  );

  it('gives up memory and disk before it is released', async () => {
    await writeAll(spool, bodyOf(5000));
    expect(under.space.usage().diskBytes).toBeGreaterThan(4900);
    spool.fail(reason);
    await until(() => under.space.usage().diskBytes === 0);
    expect(under.space.usage()).toEqual({ spools: 1, memoryBytes: 0, diskBytes: 0 });
    expect(await under.openFiles()).toBe(0);
  });

  it.each([0, 1, 2, 5, 20])(
    'is void while it is written to disk, %i turns on: the write fails with the reason',
    async (turns) => {
      const write = Promise.resolve(spool.write(bodyOf(100_000)));
      const failed = expect(write).rejects.toBe(reason);
      await turn(turns);
      spool.fail(reason);
      await failed;
      await until(() => under.space.usage().diskBytes === 0);
      expect(await under.openFiles()).toBe(0);
    },
  );

  it('is not void any more once it passed, nor whole once it was void', async () => {
    const body = bodyOf(1000);
    await writeAll(spool, body);
    spool.pass();
    spool.fail(reason);
    expect(await readSpool(spool)).toEqual(body);
    const other = under.space.open();
    const letGo = other.hold();
    other.fail(reason);
    other.fail(new Error('later'));
    other.pass();
    await expect(readSpool(other)).rejects.toBe(reason);
    letGo();
  });
});

describe('a spool', () => {
  it('goes when the last of those who hold it has released it', async () => {
    await writeAll(spool, bodyOf(5000));
    spool.pass();
    const other = spool.hold();
    release();
    release();
    expect(await readSpool(spool)).toHaveLength(5000);
    other();
    await until(() => under.space.usage().spools === 0);
    expect(under.space.usage()).toEqual(NOTHING_USED);
    expect(await under.openFiles()).toBe(0);
    expect(() => spool.hold()).toThrow('released');
    await expect(readSpool(spool)).rejects.toThrow('nobody holds');
  });

  it('stays until those who read have finished', async () => {
    const read = collector(() => turn());
    await writeAll(spool, bodyOf(5000));
    spool.pass();
    const piped = spool.pipeTo(read.sink, WHOLE, never());
    release();
    expect(await piped).toBe(5000);
    expect(read.bytes()).toEqual(bodyOf(5000));
  });

  it('that everybody released while it was written to leaves nothing', async () => {
    const write = Promise.resolve(spool.write(bodyOf(100_000)));
    release();
    await expect(write).rejects.toThrow('released');
  });

  it('is written to in order only, and not behind its end', async () => {
    const write = Promise.resolve(spool.write(bodyOf(1000)));
    expect(() => spool.write(bodyOf(1))).toThrow('before it had taken');
    expect(() => {
      spool.pass();
    }).toThrow('before it had taken');
    await write;
    spool.pass();
    expect(() => spool.write(bodyOf(1))).toThrow('behind');
  });
});

describe('a closed space', () => {
  it('opens nothing, and waits for what is held', async () => {
    await writeAll(spool, bodyOf(5000));
    spool.pass();
    const closed = under.space.close();
    const seen = watch(closed);
    expect(() => under.space.open()).toThrow('closed');
    await turn(3);
    expect(seen.settled).toBe(false);
    release();
    await closed;
    expect(under.space.usage()).toEqual(NOTHING_USED);
    expect(await under.openFiles()).toBe(0);
  });
});

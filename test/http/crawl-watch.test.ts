import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';

import { CrawlWatch } from '../../src/http/crawl-watch.ts';
import { Deadline } from '../../src/http/deadline.ts';
import { HeadStrings } from '../../src/http/head-strings.ts';
import { ResponseReceiver } from '../../src/http/response-receiver.ts';
import type { BodySink } from '../../src/model/ports.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';

describe('a watch for bodies that crawl', () => {
  const floor = { bytesPerSecond: 1024, overMs: 60_000 };
  let nowMs: number;
  let watch: CrawlWatch;
  let received: number;

  beforeEach(() => {
    [nowMs, received] = [5000, 0];
    watch = new CrawlWatch(floor, () => nowMs);
  });

  /** Waits for `ms`, in which `bytes` came. */
  function wait(ms: number, bytes: number): string | undefined {
    watch.begin();
    nowMs += ms;
    received += bytes;
    return watch.end(received);
  }

  it('says nothing before the time is over, however little came', () => {
    expect(wait(30_000, 1)).toBeUndefined();
    expect(wait(29_999, 0)).toBeUndefined();
  });

  it('tells what came once less than the floor did', () => {
    wait(30_000, 1000);
    expect(wait(30_000, 1000)).toBe(
      'the body crawled: 2000 bytes in 60s, less than 1024 a second, after 2000 bytes',
    );
  });

  it('lets exactly the floor pass, and judges what comes then by itself', () => {
    expect(wait(60_000, 61_440)).toBeUndefined();
    expect(wait(60_000, 61_439)).toContain('after 122879 bytes');
  });

  it('does not make good for a crawl by what came before it', () => {
    expect(wait(60_000, 1_000_000)).toBeUndefined();
    expect(wait(60_000, 10)).toContain('10 bytes in 60s');
  });

  it('does not count the time between two waits', () => {
    for (let turn = 0; turn < 100; turn += 1) {
      expect(wait(500, 1)).toBeUndefined();
      nowMs += 3_600_000;
    }
  });
});

describe('a body that never stalls', () => {
  let origin: FaultOrigin;
  let pool: Pool;

  beforeEach(async () => {
    origin = await faultOrigin();
    pool = new Pool(origin.url);
  });
  afterEach(async () => {
    await pool.destroy();
    await origin.close();
  });

  async function receive(sink: BodySink): Promise<number> {
    const receiver = new ResponseReceiver({
      what: 'GET /o',
      method: 'GET',
      firstByteMs: 5000,
      idleMs: 5000,
      crawl: { bytesPerSecond: 1000, overMs: 150 },
      maxHeaderBytes: 16_384,
      connection: {
        deadline: new Deadline(),
        headStrings: new HeadStrings(),
        unsentBytes: () => 0,
        hold: () => undefined,
        letGo: () => undefined,
        forgetHold: () => undefined,
        lend: () => undefined,
        keepRead: () => undefined,
      },
    });
    pool.dispatch({ method: 'GET', path: '/o' }, receiver);
    await receiver.head;
    return receiver.pipeTo(sink);
  }

  it('ends as ORIGIN_TIMEOUT all the same when it comes too slowly', async () => {
    origin.script('/o', { body: 'x'.repeat(100), drip: { bytes: 1, everyMs: 20 } });
    await expect(receive(() => undefined)).rejects.toMatchObject({
      code: 'ORIGIN_TIMEOUT',
      message: expect.stringMatching(
        /^GET \/o: the body crawled: \d+ bytes in \d+ms, less than 1000 a second/,
      ) as string,
    });
  });

  it('may take its time where it is our own sink that is slow', async () => {
    origin.script('/o', { body: 'x'.repeat(10), drip: { bytes: 1, everyMs: 2 } });
    expect(await receive(() => sleep(50))).toBe(10);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { byteBudget } from '../../src/guard/byte-budget.ts';
import type { ClaimHolder, Claims } from '../../src/model/claims.ts';
import type { KeyEntry } from '../../src/model/entry.ts';
import { Interrupted } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { Examination } from '../../src/run/examination.ts';
import { examined } from '../support/examined.ts';

import { knowing, PresenceFinder } from '../../src/run/presence.ts';
import { SharedKeys } from '../../src/run/shared-keys.ts';
import { rulesOf } from '../rules/rules-of.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { type MemoryBucket, memoryBucket } from '../support/memory-bucket.ts';
import { memoryClaims } from '../support/memory-claims.ts';
import { scriptedOrigin } from '../support/scripted-origin.ts';

const key = objectKey('k');
const OWNER = 'serve pid 7 on h';
const absent = knowing(() => ({ state: 'absent' }));
const note = (): void => undefined;

describe('an entry whose key another process fetches', () => {
  let clock: FakeClock;
  let bucket: MemoryBucket;
  let others: Claims;
  let looks: number;
  let drain: AbortController;
  let abort: AbortController;
  let waits: boolean[];
  let lines: string[];
  let shared: SharedKeys;
  let requests: number;
  beforeEach(async () => {
    clock = fakeClock();
    bucket = memoryBucket();
    const memory = memoryClaims();
    others = memory.open().claims;
    const { claims } = memory.open();
    [looks, requests, waits, lines] = [0, 0, [], []];
    [drain, abort] = [new AbortController(), new AbortController()];
    const counted: Claims = {
      ...claims,
      heldByOthers: async () => {
        looks += 1;
        return claims.heldByOthers();
      },
    };
    const said = (line: string) => lines.push(line);
    const settings = { claims: counted, owner: 'migrate job j', clock, drain: drain.signal };
    shared = new SharedKeys({ ...settings, note: said });
    await others.claim(key, OWNER);
  });

  const examination = (more: Partial<Examination> = {}): Examination => ({
    rules: rulesOf('rules: [{ id: all, origins: { masters: ["https://o.example/"] } }]\n'),
    sources: new Map([
      [
        'all',
        {
          origin: scriptedOrigin([{ body: Buffer.from('hello') }]),
          headers: { headers: {}, secrets: new Set() },
          checkKey: note,
        },
      ],
    ]),
    bucket,
    presence: new PresenceFinder({
      ...{ bucket, headIsCheap: false, exclusiveCreate: () => true, clock, note, warn: note },
    }),
    overwrite: 'never',
    dryRun: false,
    memory: byteBudget(256 * 2 ** 20),
    uploads: undefined,
    shared,
    clock,
    givenUp: new Map(),
    onRequest: () => (requests += 1),
    onWait: (waiting) => waits.push(waiting),
    ...more,
  });
  const examine = (more?: Partial<Examination>, entry: KeyEntry = { key }) =>
    examined(examination(more), entry, absent, abort.signal);

  it('waits beside the queue, is named with who fetches it, and exists once that one has stored it', async () => {
    const outcome = examine();
    await clock.settle();
    expect([waits, shared.waitingFor()]).toEqual([[true], [OWNER]]);
    await clock.advance(10_000);
    expect(waits).toEqual([true]);
    bucket.contents.set(key, Buffer.from('theirs'));
    await others.release(key, OWNER);
    await clock.advance(300);
    expect(await outcome).toEqual({ outcome: 'skipped', rule: 'all', reason: 'exists' });
    expect([waits, shared.waitingFor(), requests]).toEqual([[true, false], [], 0]);
    expect(lines).toEqual([
      '"k" is being fetched by serve pid 7 on h: it waits for that, others go on',
    ]);
  });

  it('is known at once where the list says that it is large', async () => {
    const { store } = examination().rules.rules[0] ?? expect.fail();
    const entry = { key, size: 16 * 2 ** 20 };
    expect(await shared.holderOf(entry, store)).toMatchObject({ owner: OWNER });
    await others.release(key, OWNER);
    expect(await shared.holderOf(entry, store)).toBeUndefined();
    expect(await shared.holderOf({ ...entry, size: entry.size - 1 }, store)).toBeUndefined();
    expect(looks).toBe(0);
  });

  it('is copied after all where the other one stored nothing', async () => {
    const outcome = examine();
    await clock.settle();
    await others.release(key, OWNER);
    await clock.advance(300);
    expect(await outcome).toMatchObject({ outcome: 'copied', attempts: 1 });
    expect(bucket.contents.get(key)?.toString()).toBe('hello');
  });

  it('is copied again where everything is to be overwritten', async () => {
    const outcome = examine({ overwrite: 'always' });
    await clock.settle();
    bucket.contents.set(key, Buffer.from('theirs'));
    await others.release(key, OWNER);
    await clock.advance(300);
    expect(await outcome).toMatchObject({ outcome: 'copied' });
    expect(bucket.contents.get(key)?.toString()).toBe('hello');
  });

  it('is left open when the run is told to stop, at once', async () => {
    const outcome = examine();
    await clock.settle();
    drain.abort('SIGTERM');
    await expect(outcome).rejects.toBeInstanceOf(Interrupted);
    expect([waits, shared.waitingFor()]).toEqual([[true, false], []]);
  });

  it('is left open when the run is aborted', async () => {
    const outcome = examine();
    await clock.settle();
    abort.abort(new Error('now'));
    await expect(outcome).rejects.toThrow('now');
  });

  it('waits for nobody where it exists, is known to be small, or nothing is fetched', async () => {
    expect(await examine({}, { key, size: 5 })).toMatchObject({ outcome: 'copied' });
    expect(await examine({ dryRun: true, shared: undefined })).toMatchObject({
      outcome: 'planned',
    });
    const present = knowing(() => ({ state: 'present', object: undefined }));
    expect(await examined(examination(), { key }, present, abort.signal)).toMatchObject({
      reason: 'exists',
    });
    expect([looks, waits]).toEqual([0, []]);
  });

  it('is looked up together with any number of others, a few times a second', async () => {
    const holders: (ClaimHolder | undefined)[] = [];
    const { store } = examination().rules.rules[0] ?? expect.fail();
    for (let at = 0; at < 1000; at += 1) {
      holders.push(await shared.holderOf({ key: objectKey(`small/${at}`) }, store));
      if (at % 100 === 0) await clock.advance(50);
    }
    expect(holders.filter((holder) => holder !== undefined)).toEqual([]);
    expect(looks).toBe(3);
  });
});

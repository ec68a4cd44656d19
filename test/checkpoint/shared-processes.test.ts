import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSharedStore, type SharedStore } from '../../src/checkpoint/shared-store.ts';
import type { GaugeRecord } from '../../src/model/gauge-store.ts';
import { objectKey } from '../../src/model/object-key.ts';

const SCRIPT = new URL('shared-work.js', import.meta.url).pathname;
/** How many times a worker is killed; each time at another moment. */
const KILLS = 3;
/** What each of two workers adds. */
const ADDS = 50;

const large = objectKey('large');

describe('processes that share a store', () => {
  let directory: string;
  let stores: SharedStore[];
  let children: ChildProcess[];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bucketfill-shared-'));
    [stores, children] = [[], []];
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.allSettled(stores.map(async (store) => store.close()));
    await rm(directory, { recursive: true, force: true });
  });

  async function open(): Promise<SharedStore> {
    const store = await openSharedStore({ directory, now: () => 0 });
    stores.push(store);
    return store;
  }

  /** A worker, and what it says. */
  function start(work: string, argument: string): { child: ChildProcess; lines: string[] } {
    const child = spawn(process.execPath, [SCRIPT, directory, work, argument], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const lines: string[] = [];
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
      child.emit('said');
    });
    return { child, lines };
  }

  async function kill(child: ChildProcess): Promise<void> {
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }

  const requestsOf = ({ counts }: GaugeRecord, rule: string): number =>
    counts.filter((count) => count.rule === rule).reduce((sum, { requests }) => sum + requests, 0);

  it('lose nothing that was acknowledged when one is killed at any moment', async () => {
    const ended = new Set<string>();
    const kept = new Set<string>();
    let counted = 0;
    for (let round = 0; round < KILLS; round += 1) {
      const { child, lines } = start('until-killed', String(round));
      await once(child, 'said');
      await new Promise((resolve) => setTimeout(resolve, round * 9));
      await kill(child);
      const store = await open();
      const keys = (await store.pending.takeOver()).map(({ key }): string => key);
      const said = (word: string) =>
        lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.split(' ')[1] ?? '');
      for (const key of said('done')) ended.add(key);
      for (const key of said('recorded').filter((one) => Number(one.split('/')[1]) % 2 === 0)) {
        kept.add(key);
      }
      expect(lines.length).toBeGreaterThan(0);
      expect(keys).toEqual(expect.arrayContaining([...kept]));
      expect(keys.filter((key) => ended.has(key))).toEqual([]);
      // What was under way may be there or not, and it is of this round's last step.
      expect(keys.length).toBeLessThanOrEqual(kept.size + 2 * (round + 1));

      const record = await store.gauge.load();
      counted += lines.filter((line) => line === 'counted').length;
      const requests = requestsOf(record, 'a');
      expect(requests).toBeGreaterThanOrEqual(counted);
      expect(requests).toBeLessThanOrEqual(counted + 1);
      expect(requestsOf(record, 'b')).toBe(requests);
      counted = requests;

      expect(await store.claims.claim(large, 'test')).toBe('granted');
      await store.close();
    }
  });

  it('add up, also where they make the store together, and are read as they are meanwhile', async () => {
    const workers = [start('add', String(ADDS)), start('add', String(ADDS))];
    const ends = Promise.all(workers.map(async ({ child }) => once(child, 'close')));
    const store = await open();
    while (workers.some(({ child }) => child.exitCode === null)) {
      const record = await store.gauge.load();
      expect(requestsOf(record, 'a')).toBe(requestsOf(record, 'b'));
    }
    expect(await ends).toEqual([
      [0, null],
      [0, null],
    ]);
    const record = await store.gauge.load();
    expect(requestsOf(record, 'a')).toBe(2 * ADDS);
    expect(record.keys).toHaveLength(5);
    expect(await store.pending.takeOver()).toHaveLength(2 * ADDS);
  });

  it('own what they claimed and promised until the kernel ends them', async () => {
    const { child, lines } = start('hold', 'serve');
    await once(child, 'said');
    expect(lines).toEqual(['"granted"']);
    const store = await open();
    const heldBy = { owner: 'serve', sinceMs: 0 };
    expect(await store.claims.claim(large, 'migrate')).toEqual({ heldBy });
    expect(await store.pending.takeOver()).toEqual([]);
    await kill(child);
    expect(await store.claims.claim(large, 'migrate')).toBe('granted');
    const [fill, ...more] = await store.pending.takeOver();
    expect([fill?.key, more]).toEqual(['promised', []]);
  });

  it('own it also while they are stopped', async () => {
    const { child } = start('hold', 'serve');
    await once(child, 'said');
    child.kill('SIGSTOP');
    const store = await open();
    expect(await store.claims.claim(large, 'migrate')).toMatchObject({
      heldBy: { owner: 'serve' },
    });
    expect(await store.pending.takeOver()).toEqual([]);
  });

  it('own it also when others of their own process have looked', async () => {
    const [one, other] = [await open(), await open()];
    await one.claims.claim(large, 'one');
    expect(await other.claims.claim(large, 'other')).toMatchObject({ heldBy: { owner: 'one' } });
    const { child, lines } = start('hold', 'serve');
    await once(child, 'said');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ heldBy: { owner: 'one' } });
  });

  it('clear away the locks of dead ones', async () => {
    const { child } = start('idle', '');
    await once(child, 'said');
    await kill(child);
    expect(await readdir(join(directory, 'owners'))).toHaveLength(1);
    const store = await open();
    const [mine, ...more] = await readdir(join(directory, 'owners'));
    expect(more).toEqual([]);
    await store.close();
    expect(mine).toBeDefined();
    expect(await readdir(join(directory, 'owners'))).toEqual([]);
  });
});

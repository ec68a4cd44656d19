import { expect, test } from 'vitest';
import { serveSoak } from './serve-soak.ts';

/** `SOAK_SECONDS` sets another length. */
const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 600);
/** Beside the load: the start, what is under way at the end, and the last look at everything. */
const MORE_SECONDS = 180;
/** Of a process that holds a mebibyte or so for each of 32 clients and of the fetches for them. */
const MOST_RSS_MIB = 600;
/** Of the thread that hashes large parts: it starts with the first of them, and stays. */
const THREAD_DESCRIPTORS = 4;

test(
  'serve under mixed load, faults, kills and stops: no wrong byte, and nothing is leaked',
  async () => {
    const report = await serveSoak({ seed: 3, forMs: SECONDS * 1000 });
    process.stdout.write(`${JSON.stringify({ ...report, wrong: report.wrong.slice(0, 20) })}\n`);
    expect(report.wrong).toEqual([]);
    expect(report.pendingLeft).toBe(0);
    expect(report.spoolLeft).toEqual([]);
    expect(report.kills).toBeGreaterThan(0);
    expect(report.atRest.sockets).toBeLessThanOrEqual(report.idle.sockets);
    expect(report.atRest.unnamedFiles).toBe(report.idle.unnamedFiles);
    const descriptors = report.idle.descriptors + THREAD_DESCRIPTORS;
    expect(report.atRest.descriptors).toBeLessThanOrEqual(descriptors);
    expect(Math.max(...report.lives.map(({ rssMiB: [, , most] }) => most))).toBeLessThan(
      MOST_RSS_MIB,
    );
    const [first = 0, last = 0] = report.lives.at(-1)?.rssMiB ?? [];
    expect(last).toBeLessThan(first * 1.5 + 64);
  },
  (SECONDS + MORE_SECONDS) * 1000,
);

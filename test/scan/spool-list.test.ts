import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { EntrySource } from '../../src/model/entry.ts';
import { openSpooledList, STALL_MS } from '../../src/scan/spool-list.ts';
import {
  collect,
  entrySourceContract,
  entryText,
  LIST_START,
} from '../contract/entry-source-contract.ts';
import { fakeClock } from '../support/fake-clock.ts';

let folder: string;
let spoolPath: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bucketfill-spool-'));
  spoolPath = join(folder, 'spool');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A stream of the bytes in pieces of odd sizes. */
function streamOf(bytes: Uint8Array | string): Readable {
  const whole = Buffer.from(bytes);
  const pieces: Buffer[] = [];
  for (let at = 0, size = 1; at < whole.length; at += size, size = (size * 5 + 1) % 70_001) {
    pieces.push(whole.subarray(at, at + size));
  }
  return Readable.from(pieces, { objectMode: false });
}

async function openFrom(
  input: Readable,
  signal = new AbortController().signal,
): Promise<EntrySource> {
  return openSpooledList({ input, spoolPath, clock: fakeClock(), signal });
}

async function keysOf(input: Readable): Promise<string[]> {
  const source = await openFrom(input);
  try {
    return (await collect(source)).flatMap((batch) => batch.entries).map(entryText);
  } finally {
    await source.close();
  }
}

let sequence = 0;
async function freshSpool(bytes: Buffer, found: Buffer | undefined) {
  sequence += 1;
  const path = `${spoolPath}-${String(sequence)}`;
  if (found !== undefined) await writeFile(path, found);
  const { signal } = new AbortController();
  const options = { input: streamOf(bytes), spoolPath: path, clock: fakeClock(), signal };
  return { source: await openSpooledList(options), destroy: () => rm(path) };
}

entrySourceContract('a spooled list', (bytes) => freshSpool(bytes, undefined));
entrySourceContract('a spooled list that was interrupted', (bytes) =>
  freshSpool(bytes, bytes.subarray(0, Math.floor(bytes.length / 2))),
);

describe('a list on stdin', () => {
  it('gives out what is complete when its writer stalls, before the end of the input', async () => {
    const input = new PassThrough();
    const clock = fakeClock();
    const { signal } = new AbortController();
    const source = await openSpooledList({ input, spoolPath, clock, signal });
    const batches = source.batches(LIST_START, signal)[Symbol.asyncIterator]();
    input.write('a\nb\nhal');
    const stalled = { over: false };
    const first = batches.next().finally(() => {
      stalled.over = true;
    });
    while (!stalled.over) await clock.advance(STALL_MS);
    expect((await first).value).toMatchObject({ entries: [{ key: 'a' }, { key: 'b' }], end: 4 });
    const second = batches.next();
    input.end('f\n');
    expect((await second).value).toMatchObject({ entries: [{ key: 'half' }], start: 4, end: 9 });
    expect((await batches.next()).done).toBe(true);
    await source.close();
  });

  it('keeps the decompressed bytes of gzip', async () => {
    const list = Buffer.concat([gzipSync('a\nb\n'), gzipSync('c\n')]);
    expect(await keysOf(streamOf(list))).toEqual(['a', 'b', 'c']);
    expect(await readFile(spoolPath, 'utf8')).toBe('a\nb\nc\n');
  });

  it('gives out what came of gzip that is cut, then fails', async () => {
    const list = gzipSync('a\n'.repeat(100_000));
    const cut = keysOf(streamOf(list.subarray(0, list.length - 4)));
    await expect(cut).rejects.toMatchObject({ kind: 'usage' });
    await expect(keysOf(streamOf(list))).resolves.toHaveLength(100_000);
  });

  it('accepts the list of an interrupted run with more at its end', async () => {
    await writeFile(spoolPath, 'a\nb\nc');
    expect(await keysOf(streamOf('a\nb\nc\nd\n'))).toEqual(['a', 'b', 'c', 'd']);
    expect(await readFile(spoolPath, 'utf8')).toBe('a\nb\nc\nd\n');
  });

  it.each([
    ['something else', 'a\nX\nc\n'],
    ['less', 'a\nb'],
    ['nothing', ''],
  ])('refuses %s than the interrupted run had, and leaves its spool', async (_, list) => {
    await writeFile(spoolPath, 'a\nb\nc\n');
    const attempt = keysOf(streamOf(list));
    await expect(attempt).rejects.toMatchObject({ name: 'FatalError', kind: 'job-differs' });
    await expect(attempt).rejects.toThrow('--new-job');
    expect(await readFile(spoolPath, 'utf8')).toBe('a\nb\nc\n');
    const again = await openFrom(streamOf(list));
    const { signal } = new AbortController();
    const position = { end: 6, prefixCrc: 0 };
    await expect(again.startsWith(position, signal)).rejects.toMatchObject({ kind: 'job-differs' });
    await again.close();
  });

  it('gives out nothing of an old spool that the new input has not confirmed yet', async () => {
    await writeFile(spoolPath, 'a\nb\n');
    const input = new PassThrough();
    const source = await openFrom(input);
    const { signal } = new AbortController();
    let answered = false;
    const reread = source.reread(0, 4, signal).then((entries) => {
      answered = true;
      return entries;
    });
    input.write('a\n');
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    input.write('b\n');
    expect(await reread).toHaveLength(2);
    await source.close();
  });

  it('never takes an input that broke off, or was stopped, for one that ended', async () => {
    const broken = new PassThrough();
    const fromBroken = await openFrom(broken);
    broken.write('a\nhal');
    broken.destroy(new Error('EIO'));
    await expect(collect(fromBroken)).rejects.toMatchObject({ kind: 'usage' });
    await fromBroken.close();

    const stop = new AbortController();
    const stopped = new PassThrough();
    const source = await openFrom(stopped, stop.signal);
    stopped.write('a\nhal');
    const reason = new Error('stopped');
    const all = collect(source);
    stop.abort(reason);
    await expect(all).rejects.toThrow();
    await source.close();
  });

  it('wakes a reader that waits when its signal aborts, and closes while input is open', async () => {
    const source = await openFrom(new PassThrough());
    const stop = new AbortController();
    const next = source.batches(LIST_START, stop.signal)[Symbol.asyncIterator]().next();
    const reason = new Error('stopped');
    setImmediate(() => {
      stop.abort(reason);
    });
    await expect(next).rejects.toBe(reason);
    await source.close();
  });

  it('is refused where its spool can not be kept', async () => {
    const { signal } = new AbortController();
    const path = join(folder, 'no/such/folder');
    const opened = openSpooledList({
      input: streamOf('a'),
      spoolPath: path,
      clock: fakeClock(),
      signal,
    });
    await expect(opened).rejects.toMatchObject({ name: 'FatalError', kind: 'state-unusable' });
  });
});

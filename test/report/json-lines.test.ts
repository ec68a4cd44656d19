import { PassThrough, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import type { ObjectEvent } from '../../src/model/event.ts';
import { jsonLines } from '../../src/report/json-lines.ts';

const skipped = (key: string): ObjectEvent => ({
  event: 'object',
  key,
  outcome: 'skipped',
  rule: 'r',
  reason: 'exists',
});
const ignore = (): void => undefined;

test('each event is one line, in order, with its key as it is', async () => {
  const output = new PassThrough();
  const sink = jsonLines(output, ignore);
  sink.emit(skipped('a\nb'));
  sink.emit(skipped('\u00fc"'));
  await sink.flush();
  const lines = String(output.read()).trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { key: string }).key)).toEqual([
    'a\nb',
    '\u00fc"',
  ]);
});

test('objects gather in batches; anything else goes out at once', () => {
  const writes: string[] = [];
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk.toString());
      done();
    },
  });
  const sink = jsonLines(output, ignore);
  sink.emit(skipped('a'));
  sink.emit(skipped('b'));
  expect(writes).toHaveLength(0);
  sink.emit({ event: 'origin', origin: 'o', state: 'open', reason: 'r' });
  expect(writes).toHaveLength(1);
  for (let index = 0; index < 2000; index += 1) sink.emit(skipped(`key-${index}`));
  expect(writes.length).toBeGreaterThan(1);
});

test('a flush waits until the reader has taken everything', async () => {
  let take: () => void = ignore;
  const output = new Writable({
    write(_chunk, _encoding, done) {
      take = done;
    },
  });
  const sink = jsonLines(output, ignore);
  sink.emit(skipped('a'));
  let flushed = false;
  const flushing = sink.flush().then(() => {
    flushed = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(flushed).toBe(false);
  take();
  await flushing;
  expect(flushed).toBe(true);
});

test('a reader that left is told once, and every flush says so', async () => {
  let told = 0;
  const output = new Writable({
    write(_chunk, _encoding, done) {
      done(new Error('EPIPE'));
    },
  });
  const sink = jsonLines(output, () => {
    told += 1;
  });
  sink.emit(skipped('a'));
  await expect(sink.flush()).rejects.toMatchObject({ kind: 'output-closed' });
  sink.emit(skipped('b'));
  await expect(sink.flush()).rejects.toMatchObject({ kind: 'output-closed' });
  expect(told).toBe(1);
});

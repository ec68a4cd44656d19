import { describe, expect, it } from 'vitest';

import { byteBudget } from '../../src/guard/byte-budget.ts';
import type { Bucket } from '../../src/model/bucket.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { BodyTap } from '../../src/transfer/body-tap.ts';
import { transferObject } from '../../src/transfer/transfer-object.ts';
import { originRequest } from '../contract/origin-contract.ts';
import { memoryBucket } from '../support/memory-bucket.ts';
import { scriptedOrigin } from '../support/scripted-origin.ts';
import { storeSettings } from '../support/settings.ts';

const MIB = 2 ** 20;

/** Transfers under one budget, and in which memory the bucket gets each body. */
function transfers() {
  const memory = byteBudget(64 * MIB);
  const inner = memoryBucket();
  const seen: ArrayBufferLike[] = [];
  const bucket: Bucket = {
    ...inner,
    putBytes: (key, bytes, metadata, options, signal) => {
      seen.push(bytes.buffer);
      return inner.putBytes(key, bytes, metadata, options, signal);
    },
  };
  const run = (name: string, body: Buffer, tap?: BodyTap) =>
    transferObject(
      {
        entry: { key: objectKey(name) },
        source: scriptedOrigin([{ body }]),
        request: originRequest(name),
        bucket,
        store: storeSettings({}),
        ifAbsent: true,
        stored: undefined,
        memory,
        tap,
      },
      new AbortController().signal,
    );
  return { run, seen, memory, contents: inner.contents };
}

const bodyOf = (length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, at) => Math.imul(at, 2_654_435_761) >>> 24));

describe('a body of several reads, in one buffer', () => {
  it('is stored as it came', async () => {
    const { run, contents, memory } = transfers();
    for (const length of [32 * 1024 + 1, 65_536, 199_999, MIB]) {
      await run(`o${length}`, bodyOf(length));
      expect(contents.get(`o${length}`)?.equals(bodyOf(length)), String(length)).toBe(true);
    }
    expect(memory.usage().reservedBytes).toBe(0);
  });

  it('lies in memory that other threads see, and that the next of about its size gets', async () => {
    const { run, seen, memory } = transfers();
    for (const [at, length] of [200_000, 210_000, 199_999].entries()) {
      await run(`o${at}`, bodyOf(length));
    }
    expect(seen[0]).toBeInstanceOf(SharedArrayBuffer);
    expect(new Set(seen).size).toBe(1);
    expect(memory.usage().allocatedBytes).toBeLessThan(256 * 1024);
  });

  it('keeps its memory from others where the bucket did not take it', async () => {
    const { run, seen } = transfers();
    await run('o', bodyOf(200_000));
    expect(await run('o', bodyOf(200_000))).toMatchObject({ outcome: 'skipped', reason: 'exists' });
    await run('other', bodyOf(200_000));
    expect(seen[1]).toBe(seen[0]);
    expect(seen[2]).not.toBe(seen[1]);
  });

  it('is the tap’s for good where there is one', async () => {
    const { run, contents, seen } = transfers();
    const kept: Uint8Array[] = [];
    const tap: BodyTap = {
      begin: () => undefined,
      write: (chunk) => void kept.push(chunk),
      passed: () => undefined,
    };
    for (const [name, length] of [
      ['whole', 60_000],
      ['streamed', 200_000],
    ] as const) {
      kept.length = 0;
      await run(name, bodyOf(length), tap);
      expect(Buffer.concat(kept).equals(bodyOf(length)), name).toBe(true);
      expect(contents.get(name)?.equals(bodyOf(length)), name).toBe(true);
    }
    expect(seen.every((memory) => memory instanceof ArrayBuffer)).toBe(true);
  });
});

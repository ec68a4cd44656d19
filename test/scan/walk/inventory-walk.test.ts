import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WalkPiece, WalkPlace } from '../../../src/model/walk.ts';
import { inventoryWalk } from '../../../src/scan/walk/inventory-walk.ts';
import { localListFiles } from '../../../src/scan/walk/list-files.ts';

const NEVER = new AbortController().signal;
const CREATED = Date.UTC(2026, 1, 1);

let folder: string;
let manifest: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-inventory-walk-'));
  manifest = path.join(folder, 'manifest.json');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** @param md5 of the data file; absent: the right one */
async function inventory(keys: readonly string[], md5?: string): Promise<void> {
  const bytes = gzipSync(keys.map((key) => `"${key}","2026-01-31T23:59:59.000Z"\n`).join(''));
  await writeFile(path.join(folder, 'part.csv.gz'), bytes);
  const right = createHash('md5').update(bytes).digest('hex');
  const files = [{ key: 'data/part.csv.gz', size: bytes.length, MD5checksum: md5 ?? right }];
  const text = {
    sourceBucket: 'media',
    creationTimestamp: String(CREATED),
    fileFormat: 'CSV',
    fileSchema: 'Key, LastModifiedDate',
    files,
  };
  await writeFile(manifest, JSON.stringify(text));
}

const walk = () =>
  inventoryWalk({
    files: localListFiles(manifest),
    frame: () => ({ base: 'base/', from: 'wanted' }),
  });

async function piecesOf(place: WalkPlace | undefined): Promise<WalkPiece[]> {
  if (place === undefined) throw new Error('there is no place');
  const pieces: WalkPiece[] = [];
  for await (const piece of walk().walk(place, NEVER)) pieces.push(piece);
  return pieces;
}

async function filePlace(): Promise<WalkPlace> {
  const [piece] = await piecesOf(walk().start()[0]);
  const [step] = piece?.steps ?? [];
  if (step?.kind !== 'place') throw new Error('the manifest names no file');
  return step.place;
}

describe('a file of an inventory', () => {
  it('gives what is below the address, as of when the inventory was begun', async () => {
    await inventory(['base/wanted/a', 'base/other', 'elsewhere/wanted']);
    const object = { kind: 'object', originKey: 'wanted/a', resolutionMs: 1000 };
    expect(await piecesOf(await filePlace())).toMatchObject([
      {
        links: 3,
        asOfMs: CREATED,
        steps: [
          { ...object, lastModifiedMs: Date.UTC(2026, 0, 31, 23, 59, 59) },
          { kind: 'passed', reason: 'outside', link: 'base/other' },
          { kind: 'passed', reason: 'outside', link: 'elsewhere/wanted' },
        ],
      },
    ]);
  });

  it('is gone on with by a later run, even where the manifest is gone', async () => {
    await inventory(['base/wanted']);
    const place = await filePlace();
    expect(place.at).not.toMatch(/\n/);
    await rm(manifest);
    expect(await piecesOf(place)).toMatchObject([{ links: 1 }]);
  });

  it('of which the MD5 differs gives no key at all', async () => {
    await inventory(['base/wanted'], '0'.repeat(32));
    const given: WalkPiece[] = [];
    const reading = (async () => {
      for await (const piece of walk().walk(await filePlace(), NEVER)) given.push(piece);
    })();
    await expect(reading).rejects.toMatchObject({ name: 'Failure', code: 'CONTENT_REJECTED' });
    expect(given).toEqual([]);
  });

  it('that is missing can not be listed', async () => {
    await inventory(['base/wanted']);
    const place = await filePlace();
    await rm(path.join(folder, 'part.csv.gz'));
    await expect(piecesOf(place)).rejects.toMatchObject({ code: 'ORIGIN_NOT_FOUND' });
  });
});

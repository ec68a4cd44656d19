import { execFileSync } from 'node:child_process';
import { access, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Spool } from '../../src/serve/spool/spool.ts';
import { SpoolDisk } from '../../src/serve/spool/spool-disk.ts';
import { SpoolFull } from '../../src/serve/spool/spool-full.ts';
import { type SpoolSpace, spoolSpace } from '../../src/serve/spool/spool-space.ts';
import {
  bodyOf,
  NOTHING_USED,
  readSpool,
  type SpaceUnderTest,
  spaceUnderTest,
  turn,
  until,
  watch,
  writeAll,
} from './spool-under-test.ts';

const MEMORY_BYTES = 64;
const DISK_BYTES = 4096;

let under: SpaceUnderTest;
/** What ends the holds of all spools. */
const releases: (() => void)[] = [];

function openSpool(space = under.space): Spool {
  const spool = space.open();
  releases.push(spool.hold());
  return spool;
}

function releaseAll(): void {
  for (const release of releases.splice(0)) release();
}

/** A space whose bodies may take more memory together than each has of its own. */
function sharing(sharedMemoryBytes: number): SpoolSpace {
  const memory = { memoryBytes: MEMORY_BYTES, sharedMemoryBytes };
  return spoolSpace({ directory: under.directory, ...memory, diskBytes: DISK_BYTES });
}

/** A write that somebody looks at later. */
function begin(spool: Spool, bytes: number): Promise<void> {
  const write = Promise.resolve(spool.write(bodyOf(bytes)));
  write.catch(() => undefined);
  return write;
}

/** Until who writes has taken the last byte of the disk space, so that more has to be waited for. */
async function untilTaken(): Promise<void> {
  await until(() => under.space.usage().diskBytes === DISK_BYTES);
}

beforeEach(async () => {
  under = await spaceUnderTest({ memoryBytes: MEMORY_BYTES, diskBytes: DISK_BYTES });
});
afterEach(async () => {
  releaseAll();
  await under.space.close();
  expect(under.space.usage()).toEqual(NOTHING_USED);
  expect(await under.openFiles()).toBe(0);
  await under.remove();
});

describe('the file of a spool', () => {
  it('is not made for bodies that fit into memory', async () => {
    const spool = openSpool();
    await writeAll(spool, bodyOf(MEMORY_BYTES), 10);
    spool.pass();
    expect(await readSpool(spool)).toEqual(bodyOf(MEMORY_BYTES));
    expect(under.space.usage()).toEqual({ spools: 1, memoryBytes: MEMORY_BYTES, diskBytes: 0 });
    await expect(access(dirname(under.directory))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('takes no more memory than the body where that is small', async () => {
    const { directory } = under;
    const memory = { memoryBytes: 262_144, sharedMemoryBytes: 0 };
    const space = spoolSpace({ directory, ...memory, diskBytes: 0 });
    await openSpool(space).write(bodyOf(100));
    expect(space.usage().memoryBytes).toBe(4096);
    await openSpool(space).write(bodyOf(30_000));
    expect(space.usage().memoryBytes).toBe(34_096);
  });

  it('is not made for bodies that fit into the memory that all share', async () => {
    const space = sharing(1600);
    const spool = openSpool(space);
    await writeAll(spool, bodyOf(MEMORY_BYTES + 100), 10);
    expect(space.usage()).toEqual({ spools: 1, memoryBytes: MEMORY_BYTES + 100, diskBytes: 0 });
    spool.pass();
    expect(await readSpool(spool)).toEqual(bodyOf(MEMORY_BYTES + 100));
    await expect(access(dirname(under.directory))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('keeps what is beyond a sixteenth of the memory that all share', async () => {
    const space = sharing(1600);
    const spool = openSpool(space);
    await writeAll(spool, bodyOf(1000), 10);
    const { memoryBytes, diskBytes } = space.usage();
    expect(memoryBytes).toBeLessThanOrEqual(MEMORY_BYTES + 100);
    expect(memoryBytes + diskBytes).toBeGreaterThanOrEqual(1000);
    spool.pass();
    expect(await readSpool(spool)).toEqual(bodyOf(1000));
  });

  it('keeps what finds no shared memory free, which comes back from bodies that go', async () => {
    const space = sharing(1600);
    const bytes = MEMORY_BYTES + 100;
    const others = Array.from({ length: 16 }, () => ({ spool: space.open() }));
    const held = others.map(({ spool }) => ({ spool, release: spool.hold() }));
    for (const { spool } of held) await writeAll(spool, bodyOf(bytes), 10);
    expect(space.usage()).toMatchObject({ memoryBytes: 16 * bytes, diskBytes: 0 });
    await writeAll(openSpool(space), bodyOf(bytes), 10);
    expect(space.usage().memoryBytes).toBeLessThanOrEqual(16 * bytes + MEMORY_BYTES);
    expect(space.usage().diskBytes).toBeGreaterThanOrEqual(100);
    for (const { release } of held) release();
    const before = space.usage();
    await writeAll(openSpool(space), bodyOf(bytes), 10);
    expect(space.usage().diskBytes).toBe(before.diskBytes);
  });

  it('is in a directory for this user only and has no name, so a kill leaves nothing', async () => {
    const spool = openSpool();
    await writeAll(spool, bodyOf(1000));
    expect(await under.openFiles()).toBe(1);
    expect(await readdir(under.directory)).toEqual([]);
    expect((await stat(under.directory)).mode & 0o777).toBe(0o700);
    const { memoryBytes, diskBytes } = under.space.usage();
    expect(memoryBytes).toBeLessThanOrEqual(MEMORY_BYTES);
    expect(memoryBytes + diskBytes).toBeGreaterThanOrEqual(1000);
  });

  it('replaces what a process left that was killed between two steps', async () => {
    await mkdir(under.directory, { recursive: true });
    await writeFile(join(under.directory, 'spool-1'), 'left');
    await mkdir(join(under.directory, 'spool-2'));
    const spool = openSpool();
    await writeAll(spool, bodyOf(1000));
    spool.pass();
    expect(await readSpool(spool)).toEqual(bodyOf(1000));
    expect(await readdir(under.directory)).toEqual(['spool-2']);
  });

  it('that can not be made fails the body, naming the directory and what to do', async () => {
    await mkdir(dirname(under.directory), { recursive: true });
    await writeFile(under.directory, 'a file');
    const spool = openSpool();
    const read = expect(readSpool(spool)).rejects.toBeInstanceOf(SpoolFull);
    const write = begin(spool, 1000);
    await expect(write).rejects.toBeInstanceOf(SpoolFull);
    await expect(write).rejects.toThrow(`${under.directory}: a file stands where`);
    await read;
    expect(under.space.usage()).toEqual({ spools: 1, memoryBytes: 0, diskBytes: 0 });
    const small = openSpool();
    await writeAll(small, bodyOf(50));
    small.pass();
    expect(await readSpool(small)).toEqual(bodyOf(50));
  });
});

describe('the disk space of all spools', () => {
  it('fails a body that needs more than there ever is, and gives its bytes back', async () => {
    const spool = openSpool();
    const write = begin(spool, DISK_BYTES + 2 * MEMORY_BYTES);
    await expect(write).rejects.toBeInstanceOf(SpoolFull);
    await expect(write).rejects.toThrow(under.directory);
    await expect(write).rejects.toThrow('it alone needs more');
    await expect(readSpool(spool)).rejects.toBeInstanceOf(SpoolFull);
    await until(() => under.space.usage().diskBytes === 0);
    const next = openSpool();
    await writeAll(next, bodyOf(DISK_BYTES));
    next.pass();
    expect(await readSpool(next)).toEqual(bodyOf(DISK_BYTES));
  });

  it('holds a body that just fits, with its end in memory', async () => {
    const spool = openSpool();
    await writeAll(spool, bodyOf(DISK_BYTES + MEMORY_BYTES));
    spool.pass();
    expect(await readSpool(spool)).toEqual(bodyOf(DISK_BYTES + MEMORY_BYTES));
  });

  it('keeps a writer waiting until others give theirs back, the first come first', async () => {
    const held = under.space.open();
    const release = held.hold();
    await writeAll(held, bodyOf(DISK_BYTES));
    held.pass();
    const [first, second] = [openSpool(), openSpool()];
    const writes = [begin(first, 3000)];
    await untilTaken();
    writes.push(begin(second, 100));
    const seen = writes.map(watch);
    await turn(20);
    expect(seen.map(({ settled }) => settled)).toEqual([false, false]);
    expect(under.space.usage().diskBytes).toBeLessThanOrEqual(DISK_BYTES);
    // It still fits into what is left over, but others were there before.
    release();
    await Promise.all(writes);
    first.pass();
    second.pass();
    expect(await readSpool(first)).toEqual(bodyOf(3000));
    expect(await readSpool(second)).toEqual(bodyOf(100));
  });

  it('is never more than allowed, however many write', async () => {
    const spools = Array.from({ length: 8 }, () => openSpool());
    let most = 0;
    const all = spools.map(async (spool, index) => {
      for (let part = 0; part < 20; part += 1) {
        await spool.write(bodyOf(50));
        most = Math.max(most, under.space.usage().diskBytes);
      }
      spool.pass();
      releases[index]?.();
    });
    await Promise.allSettled(all);
    expect(most).toBeGreaterThan(DISK_BYTES / 2);
    expect(most).toBeLessThanOrEqual(DISK_BYTES);
  });

  it('fails the last comer where all who have some wait for more, and the first goes on', async () => {
    const [first, second, third] = [openSpool(), openSpool(), openSpool()];
    await writeAll(first, bodyOf(DISK_BYTES / 2));
    await writeAll(second, bodyOf(DISK_BYTES / 2));
    // What the first and the third want fits in together: else the third may have to give way too.
    const goesOn = begin(first, DISK_BYTES / 4);
    await untilTaken();
    const waits = begin(third, 1000).then(() => releases[2]?.());
    const seen = [watch(goesOn), watch(waits)];
    await turn(20);
    expect(seen.map(({ settled }) => settled)).toEqual([false, false]);
    const givesWay = begin(second, DISK_BYTES / 2);
    await expect(givesWay).rejects.toBeInstanceOf(SpoolFull);
    await goesOn;
    first.pass();
    const bodies = [bodyOf(DISK_BYTES / 2), bodyOf(DISK_BYTES / 4)];
    expect(await readSpool(first)).toEqual(Buffer.concat(bodies));
    await waits;
  });

  it('is not waited for by a body that is void or released meanwhile', async () => {
    const held = openSpool();
    await writeAll(held, bodyOf(DISK_BYTES + MEMORY_BYTES / 2));
    held.pass();
    const reason = new Error('void');
    const [voided, released, last] = [openSpool(), openSpool(), openSpool()];
    const writes = [begin(voided, 1000), begin(released, 1000), begin(last, 1000)];
    await untilTaken();
    voided.fail(reason);
    await expect(writes[0]).rejects.toBe(reason);
    releases[2]?.();
    await expect(writes[1]).rejects.toThrow('released');
    releases[0]?.();
    await writes[2];
  });

  it('is not asked for by the end of a body that fits into memory', async () => {
    const [held, other] = [openSpool(), openSpool()];
    await writeAll(other, bodyOf(200));
    await writeAll(held, bodyOf(DISK_BYTES - under.space.usage().diskBytes));
    held.pass();
    while (under.space.usage().diskBytes < DISK_BYTES) await other.write(bodyOf(1));
    const before = other.receivedBytes;
    // What it has in memory is half full by now, and there is no space to go ahead into.
    await other.write(bodyOf(1));
    other.pass();
    expect(await readSpool(other)).toHaveLength(before + 1);
  });
});

describe('the order in which disk space is given', () => {
  const [first, second, third] = [{}, {}, {}];

  /** Takes it, to be looked at later. */
  function take(disk: SpoolDisk, owner: object, bytes: number) {
    const taken = disk.take(owner, bytes);
    taken.catch(() => undefined);
    return { taken, seen: watch(taken) };
  }

  it('lets nobody pass by who came before, however little is wanted', async () => {
    const disk = new SpoolDisk(under.directory, 100);
    await disk.take(first, 90);
    const much = take(disk, second, 50);
    expect(disk.tryTake(third, 5)).toBe(false);
    const little = take(disk, third, 5);
    disk.giveBack(first, 20);
    await turn();
    expect([much.seen.settled, little.seen.settled]).toEqual([false, false]);
    const reason = new Error('gave up');
    disk.leave(second, reason);
    await expect(much.taken).rejects.toBe(reason);
    await little.taken;
    expect(disk.usedBytes).toBe(75);
  });

  it('refuses the last comer as soon as nobody is left who might give some back', async () => {
    const disk = new SpoolDisk(under.directory, 100);
    const owners = [first, second, third];
    for (const [index, owner] of owners.entries()) await disk.take(owner, [40, 30, 30][index] ?? 0);
    const goesOn = take(disk, second, 50);
    const givesWay = take(disk, third, 50);
    disk.end(first);
    await expect(givesWay.taken).rejects.toBeInstanceOf(SpoolFull);
    expect(goesOn.seen.settled).toBe(false);
    disk.end(third);
    await goesOn.taken;
    disk.end(second);
    expect(disk.usedBytes).toBe(0);
  });
});

/** What a file system in memory may hold, in bytes. */
const SMALL_DISK_BYTES = 256 * 1024;

/** Whether this user may mount; elsewhere what needs a disk of its own is left out. */
async function canMount(): Promise<boolean> {
  const { directory, remove } = await spaceUnderTest();
  try {
    await mkdir(directory, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', 'none', directory], { stdio: 'ignore' });
    execFileSync('umount', [directory], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    await remove();
  }
}

describe.skipIf(!(await canMount()))('the spools on a small disk', () => {
  beforeEach(async () => {
    await mkdir(under.directory, { recursive: true });
    const size = `size=${String(SMALL_DISK_BYTES)}`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', size, 'none', under.directory]);
  });
  afterEach(() => {
    execFileSync('umount', [under.directory]);
  });

  it('fail the body that finds it full and go on with the others', async () => {
    const { directory } = under;
    const memory = { memoryBytes: 16_384, sharedMemoryBytes: 0 };
    const space = spoolSpace({ directory, ...memory, diskBytes: 1024 ** 3 });
    const [going, full] = [openSpool(space), openSpool(space)];
    await writeAll(going, bodyOf(100_000), 8192);
    const write = begin(full, 2 * SMALL_DISK_BYTES);
    await expect(write).rejects.toBeInstanceOf(SpoolFull);
    await expect(write).rejects.toThrow(`${directory}: no space is left there; free some (ENOSPC)`);
    await expect(readSpool(full)).rejects.toBeInstanceOf(SpoolFull);
    await writeAll(going, bodyOf(100_000), 8192);
    going.pass();
    expect((await readSpool(going)).equals(Buffer.concat([bodyOf(100_000), bodyOf(100_000)]))).toBe(
      true,
    );
    releaseAll();
    await space.close();
    expect(space.usage()).toEqual(NOTHING_USED);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChangingSite, startChangingSite } from '../support/changing-site.ts';
import { plainFiles, sha256 } from '../support/oracle.ts';
import { type CliOptions, type CliResult, runCli } from '../support/run-cli.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const FOLDERS = 12;
const FILES_A_FOLDER = 30;
const DAY_MS = 86_400_000;
/** Files that the origin answers before one is told to stop. */
const ANSWERED = 20;

let site: ChangingSite;
beforeAll(async () => {
  site = await startChangingSite();
});
afterAll(async () => {
  await site.close();
});

/** The same numbers in each run of the tests. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function fill(): void {
  site.files.clear();
  for (let folder = 0; folder < FOLDERS; folder += 1) {
    for (let file = 0; file < FILES_A_FOLDER; file += 1) {
      site.put(`f${String(folder)}/n${String(file)}.txt`, `${String(folder)} ${String(file)} one`);
    }
  }
}

/** Edits, adds and removes some of the files. */
function change(round: number, random: () => number): void {
  for (const [name, { body }] of [...site.files]) {
    const draw = random();
    const modifiedMs = Date.UTC(2021, 0, 1) + round * DAY_MS;
    if (draw < 0.1) site.files.delete(name);
    else if (draw < 0.3) site.put(name, `${body.slice(0, -3)}${String(100 + round)}`, modifiedMs);
    else if (draw < 0.35) site.put(`new-${String(round)}/${name}`, body, modifiedMs);
  }
}

function sync(place: Workplace, options: CliOptions = {}): Promise<CliResult> {
  const args = ['sync', place.rules, '--json', '--delete', '--max-delete', '100%'];
  return runCli(args, options);
}

/** After a further sync the bucket holds just what the origin has, and the next asks for no file. */
async function expectInSync(place: Workplace): Promise<void> {
  // What was stored just before a kill was not noted: it is looked at once more.
  const further = await sync(place);
  expect(further.code).toBe(0);
  const stored = await plainFiles(place.bucket);
  expect(Object.fromEntries([...stored].map(([key, bytes]) => [key, sha256(bytes)]))).toEqual(
    Object.fromEntries([...site.files].map(([name, { body }]) => [name, sha256(body)])),
  );
  site.asked.length = 0;
  const again = await sync(place);
  expect(again.code).toBe(0);
  expect(again.summary).toMatchObject({ listed: site.files.size, copied: 0, deleted: 0 });
  expect(site.asked.filter((line) => /\/n\d+\.txt$/.test(line))).toEqual([]);
}

describe('killed with SIGKILL, run again: the bucket is what the origin is', () => {
  test.each([
    ['checkpoint.begun', 1],
    ['plan.saved', 1],
    ['bucket.committed', 20],
    ['events.flushed', 1],
    ['checkpoint.committed', 1],
    ['object.deleted', 9],
    ['generation.committed', 1],
    ['job.finished', 1],
  ])('at %s, time %i', async (boundary, time) => {
    const place = await workplace(rulesFor([site.url]));
    fill();
    expect((await sync(place)).code).toBe(0);
    change(1, chance(time));
    const killed = await sync(place, { killAt: { boundary, time } });
    expect(killed.code).toBeNull();
    const resumed = await sync(place);
    expect(resumed.code).toBe(0);
    expect(resumed.summary?.failed).toBe(0);
    await expectInSync(place);
    await place.remove();
  });

  test('at moments that nobody chose, while the origin goes on changing', async () => {
    const place = await workplace(rulesFor([site.url]));
    const random = chance(7);
    fill();
    for (let round = 1; round <= 3; round += 1) {
      for (let kill = 0; kill < 2; kill += 1) {
        await sync(place, {
          onStart: (child) => {
            setTimeout(
              () => {
                child.kill('SIGKILL');
              },
              300 + random() * 700,
            );
          },
        });
      }
      change(round, random);
      // It ends what was begun, some of which is gone by now; the next one sees everything as it is.
      expect([0, 3]).toContain((await sync(place)).code);
      await expectInSync(place);
    }
    await place.remove();
  });
});

test('told to stop, it says so, and the next run goes on with what was found to do', async () => {
  const place = await workplace(rulesFor([site.url]));
  fill();
  // What is under way at the signal waits for it to be heard, and much is behind it.
  const held: (() => void)[] = [];
  let left = ANSWERED;
  site.onFile = (answer) => {
    if (left <= 0) held.push(answer);
    else answer();
    left -= 1;
  };
  const answerAll = (): void => {
    left = Infinity;
    for (const answer of held.splice(0)) answer();
  };
  const args = ['sync', place.rules, '--json', '--concurrency', '8'];
  const stopped = await runCli(args, {
    onStart: ({ kill, stderr }) => {
      let isSent = false;
      const timer = setInterval(() => {
        if (stderr().includes('SIGTERM: finishing what is in flight')) {
          clearInterval(timer);
          answerAll();
        } else if (!isSent && held.length > 0) {
          isSent = true;
          kill('SIGTERM');
        }
      }, 5);
    },
  });
  expect(stopped.code).toBe(143);
  expect(stopped.summary).toMatchObject({ exitCode: 143, failed: 0 });
  expect(stopped.summary?.copied).toBeGreaterThan(ANSWERED - 1);
  const next = await sync(place);
  expect(next.code).toBe(0);
  expect(next.summary?.carried.listed).toBe(stopped.summary?.listed);
  expect(next.stderr).toContain('going on with the interrupted sync');
  await expectInSync(place);
  await place.remove();
});

test('--max-duration ends it cleanly, and the next run goes on', async () => {
  const place = await workplace(rulesFor([site.url]));
  fill();
  const args = ['sync', place.rules, '--max-duration', '1ms', '--json'];
  const stopped = await runCli(args, { ownProcess: true });
  expect(stopped.code).toBe(143);
  expect(stopped.stderr).toContain('--max-duration is over');
  expect((await sync(place)).code).toBe(0);
  await expectInSync(place);
  await place.remove();
});

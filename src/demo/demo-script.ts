import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { RunEvent, SummaryEvent } from '../model/event.ts';
import { type DemoOrigin, type Mishap, MISHAPS, startDemoOrigin } from './demo-origin.ts';

/** A `bucketfill migrate` in a process of its own. */
export interface DemoProcess {
  readonly events: AsyncIterable<RunEvent>;
  /** SIGKILL: no warning, nothing is tidied up. */
  readonly kill: () => void;
  /** The exit code; null for a killed process. */
  readonly exited: Promise<number | null>;
}

/** What the script needs from outside. */
export interface DemoStage {
  readonly say: (line: string) => void;
  readonly migrate: (args: readonly string[]) => DemoProcess;
  /** Bytes that the bucket in `directory` holds under `key`; undefined where it holds none. */
  readonly readStored: (directory: string, key: string) => Promise<Uint8Array | undefined>;
}

/** A key that no origin has: it must be told as failed, and must fail nothing else. */
const MISSING_KEY = 'photos/never-existed.jpg';
/** The first run is killed when this share of the objects has arrived. */
const KILL_AT_SHARE = 0.4;

/**
 * Fills a directory bucket from the bundled origin, is killed half-way, resumes, and checks every
 * byte. @returns whether everything is as it should be.
 */
export async function playDemo(stage: DemoStage): Promise<boolean> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-demo-'));
  const origin = await startDemoOrigin();
  try {
    return await play(stage, origin, folder);
  } finally {
    await origin.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function play(stage: DemoStage, origin: DemoOrigin, folder: string): Promise<boolean> {
  const { say } = stage;
  const rules = path.join(folder, 'rules.yaml');
  const keys = path.join(folder, 'keys.txt');
  await writeFile(rules, rulesText(origin));
  await writeFile(
    keys,
    [...origin.objects.map(({ key }) => key), MISSING_KEY].map((key) => `${key}\n`).join(''),
  );
  const args = [rules, '--keys', keys, '--json', '--ui', 'none', '--concurrency', '8'];
  say(`A site with ${origin.objects.length} objects on a flaky master and a healthy slave,`);
  say('and a list of its keys with one more that no origin has.');
  say('');
  say('$ bucketfill migrate rules.yaml --keys keys.txt');
  const first = await killHalfWay(stage, args, origin.objects.length);
  say(`  ... killed (SIGKILL) when ${first} objects had arrived.`);
  say('');
  say('$ bucketfill migrate rules.yaml --keys keys.txt        # the same command again');
  const second = await runToEnd(stage, args);
  if (second.summary === undefined) {
    say(`  ended without a summary, exit code ${String(second.exitCode)}`);
    return false;
  }
  tellSummary(say, second.summary, origin);
  return checkBucket(stage, origin, folder, second);
}

function rulesText(origin: DemoOrigin): string {
  return `version: 1
allowPrivate: true # the bundled origin is on this machine
bucket:
  url: file:./bucket
rules:
  - id: site
    origins:
      masters: [${origin.master}]
      slaves: [${origin.slave}]
      retries: { perAddress: 2, base: 20ms }
`;
}

async function killHalfWay(
  stage: DemoStage,
  args: readonly string[],
  objects: number,
): Promise<number> {
  const run = stage.migrate(args);
  let copied = 0;
  for await (const event of run.events) {
    if (event.event === 'object' && event.outcome === 'copied') copied += 1;
    if (copied >= objects * KILL_AT_SHARE) run.kill();
  }
  await run.exited;
  return copied;
}

interface FinishedRun {
  readonly exitCode: number | null;
  readonly summary: SummaryEvent | undefined;
  /** Keys that failed, with their codes. */
  readonly failed: readonly string[];
}

async function runToEnd(stage: DemoStage, args: readonly string[]): Promise<FinishedRun> {
  const run = stage.migrate(args);
  const failed: string[] = [];
  let summary: SummaryEvent | undefined;
  for await (const event of run.events) {
    if (event.event === 'summary') summary = event;
    if (event.event === 'object' && event.outcome === 'failed' && 'key' in event) {
      failed.push(`${event.key} (${event.code})`);
    }
  }
  return { exitCode: await run.exited, summary, failed };
}

function tellSummary(say: DemoStage['say'], summary: SummaryEvent, origin: DemoOrigin): void {
  const { carried } = summary;
  say(
    `  ${summary.resumed ? 'resumed' : 'started afresh'}: ${carried.listed} keys were closed before`,
  );
  say(
    `  now ${summary.listed} listed, ${summary.copied} copied, ${summary.skipped} skipped ` +
      `(stored just before the kill), ${summary.failed} failed`,
  );
  say('');
  say('What the master did meanwhile:');
  for (const [kind, times] of origin.mishaps) say(`  ${mishapText(kind)} ${times} times`);
  say(`  the slave stepped in ${origin.slaveRequests()} times`);
  say('');
}

function mishapText(kind: Mishap): string {
  return `it ${MISHAPS[kind]}`;
}

async function checkBucket(
  stage: DemoStage,
  origin: DemoOrigin,
  folder: string,
  run: FinishedRun,
): Promise<boolean> {
  const { say } = stage;
  const directory = path.join(folder, 'bucket');
  const wrong: string[] = [];
  for (const { key, sha256 } of origin.objects) {
    const stored = await stage.readStored(directory, key);
    const digest = stored && createHash('sha256').update(stored).digest('hex');
    if (digest !== sha256) wrong.push(key);
  }
  const total = origin.objects.length;
  say('Checked afterwards, byte by byte:');
  say(`  ${total - wrong.length} of ${total} objects are in the bucket with the origin's SHA-256`);
  for (const key of wrong) say(`  WRONG OR MISSING: ${key}`);
  say(`  told as failed: ${run.failed.join(', ') || 'nothing'}; exit code ${String(run.exitCode)}`);
  const honest = run.failed.length === 1 && run.failed[0]?.startsWith(MISSING_KEY) === true;
  const onDisk = await readFile(path.join(directory, 'index.html')).then(
    () => true,
    () => false,
  );
  const fine = wrong.length === 0 && honest && onDisk && run.exitCode === 3;
  say(
    fine
      ? '  Everything that exists arrived, and what does not was not hidden.'
      : '  NOT AS EXPECTED.',
  );
  return fine;
}

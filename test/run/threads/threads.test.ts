import { beforeEach, describe, expect, test } from 'vitest';
import { FatalError, Interrupted } from '../../../src/model/failure.ts';
import { objectKey } from '../../../src/model/object-key.ts';
import type { EntryWork, Examined } from '../../../src/run/examination.ts';
import { knowing } from '../../../src/run/presence.ts';
import type { CameOf, SentEntry } from '../../../src/run/threads/sent-entry.ts';
import { ThreadLost } from '../../../src/run/threads/thread-lost.ts';
import { type CopyThread, Threads } from '../../../src/run/threads/threads.ts';
import { OpenUploads } from '../../../src/transfer/open-uploads.ts';
import { rulesOf } from '../../rules/rules-of.ts';
import { memoryUploadJournal } from '../../support/memory-upload-journal.ts';
import { scriptedOrigin } from '../../support/scripted-origin.ts';

const [rule] = rulesOf(
  'rules: [{ id: all, origins: { masters: ["https://o.example/"] } }]\n',
).rules;
const signal = new AbortController().signal;
const SKIPPED = { outcome: 'skipped', rule: 'all', reason: 'exists' } as const;
const HERE = { outcome: 'skipped', rule: 'all', reason: 'unchanged' } as const;

/** A thread whose entries wait until they are answered. */
interface Other extends CopyThread {
  readonly sent: SentEntry[];
  readonly answer: (cameOf: CameOf, requests?: number) => void;
}

function otherThread(takes = true): Other {
  const waiting: ((back: { cameOf: CameOf; requests: number }) => void)[] = [];
  const sent: SentEntry[] = [];
  return {
    sent,
    takes: () => takes,
    copy: (entry) => {
      sent.push(entry);
      return new Promise((resolve) => waiting.push(resolve));
    },
    answer: (cameOf, requests = 1) => waiting.shift()?.({ cameOf, requests }),
  };
}

function work(name: string, more: { size?: number; url?: string } = {}): EntryWork {
  if (rule === undefined) throw new Error('no rule');
  const source = {
    origin: scriptedOrigin([]),
    headers: { headers: {}, secrets: new Set<string>() },
    checkKey: () => undefined,
  };
  const inBucket = knowing(() => ({ state: 'absent' }));
  const entry = { key: objectKey(name), ...more };
  return { entry, rule, source, inBucket, sinceMs: 5, requests: 0 };
}

let drain: AbortController;
let mayLeave: boolean;
let here: string[];

beforeEach(() => {
  drain = new AbortController();
  mayLeave = true;
  here = [];
});

function threadsOf(others: readonly CopyThread[], uploads?: OpenUploads): Threads {
  return new Threads({ others, mayLeave: () => mayLeave, uploads, drain: drain.signal });
}

/** Copies by these threads; what is copied here is done at once. */
const copy = (threads: Threads, entry: EntryWork, aborts = signal): Promise<Examined> =>
  threads.copy(
    entry,
    () => {
      here.push(entry.entry.key);
      return Promise.resolve(HERE);
    },
    aborts,
  );

describe('an entry', () => {
  test('goes to who has the least to do, and large ones to who has the fewest bytes', async () => {
    const [one, two] = [otherThread(), otherThread()];
    const threads = threadsOf([one, two]);
    const small = copy(threads, work('a'));
    const large = copy(threads, work('b', { size: 2 ** 30 }));
    for (const name of ['c', 'd']) await copy(threads, work(name));
    expect([one, two].map(({ sent }) => sent.map(({ entry }) => entry.key))).toEqual([
      ['a'],
      ['b'],
    ]);
    expect(here).toEqual(['c', 'd']);
    const next = copy(threads, work('e', { size: 2 ** 20 }));
    one.answer({ is: 'settled', outcome: SKIPPED });
    two.answer({ is: 'settled', outcome: SKIPPED });
    expect(await Promise.all([small, large, next])).toEqual([SKIPPED, SKIPPED, HERE]);
  });

  test('comes with what is known of it, and back with its outcome', async () => {
    const other = otherThread();
    const journal = memoryUploadJournal();
    const uploads = await OpenUploads.load(journal, () => 7);
    await uploads.addOrphan(objectKey('a'), 'token');
    const entry = work('a');
    const copied = copy(threadsOf([other], uploads), entry);
    expect(other.sent).toMatchObject([{ rule: 'all', known: 'absent', sinceMs: 5, requests: 0 }]);
    expect(other.sent[0]?.sealed).toContain('token');
    other.answer({ is: 'settled', outcome: SKIPPED }, 3);
    expect(await copied).toEqual(SKIPPED);
    expect(entry.requests).toBe(3);
  });

  test.each([
    ['has a URL of its own', { url: 'https://e.example/x' }, true, true],
    ['is of a rule that waits', {}, false, true],
    ['is of a rule that no other thread has', {}, true, false],
  ])('stays here where it %s', async (_, more, leaves, takes) => {
    const other = otherThread(takes);
    mayLeave = leaves;
    expect(await copy(threadsOf([other]), work('a', more))).toEqual(HERE);
    expect(other.sent).toEqual([]);
  });

  test('that would have to wait elsewhere is copied here', async () => {
    const other = otherThread();
    const entry = work('a');
    const copied = copy(threadsOf([other]), entry);
    other.answer({ is: 'handedBack' }, 2);
    expect(await copied).toEqual(HERE);
    expect(here).toEqual(['a']);
    expect(entry.requests).toBe(2);
  });

  test('that comes back while the run drains stays open', async () => {
    const other = otherThread();
    const copied = copy(threadsOf([other]), work('a'));
    drain.abort('SIGTERM');
    other.answer({ is: 'handedBack' });
    await expect(copied).rejects.toBeInstanceOf(Interrupted);
    expect(here).toEqual([]);
  });

  test('that another process is at work on is told as held', async () => {
    const other = otherThread();
    const copied = copy(threadsOf([other]), work('a'));
    const by = { owner: 'serve', sinceMs: 1 };
    other.answer({ is: 'held', by });
    expect(await copied).toEqual({ outcome: 'held', by });
  });

  test('ends the run where it would have ended it here', async () => {
    const other = otherThread();
    const copied = copy(threadsOf([other]), work('a'));
    other.answer({ is: 'fatal', kind: 'bucket-unusable', message: 'gone', cause: undefined });
    const error: unknown = await copied.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FatalError);
    expect(error).toMatchObject({ kind: 'bucket-unusable', message: 'gone' });
  });

  test('that was aborted ends with the reason of the run', async () => {
    const other = otherThread();
    const abort = new AbortController();
    const copied = copy(threadsOf([other]), work('a'), abort.signal);
    abort.abort(new Error('enough'));
    other.answer({ is: 'aborted' });
    await expect(copied).rejects.toThrow('enough');
  });

  test('of a thread that is lost is no bad object', async () => {
    const lost: CopyThread = {
      takes: () => true,
      copy: () => Promise.reject(new ThreadLost('broke down')),
    };
    await expect(copy(threadsOf([lost]), work('a'))).rejects.toBeInstanceOf(ThreadLost);
  });
});

import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/model/event.ts';
import { Failure } from '../../src/model/failure.ts';
import type { Clock } from '../../src/model/ports.ts';
import type { ScanJournal, ScanPiece } from '../../src/model/scan-journal.ts';
import { NO_STEPS } from '../../src/model/step-trail.ts';
import type { OpenPlace, OriginWalk, WalkPiece, WalkStep } from '../../src/model/walk.ts';
import { scan } from '../../src/run/scan/scan.ts';
import { rulesOf } from '../rules/rules-of.ts';

/** A journal that forgets everything when the test ends. */
function memoryJournal(): ScanJournal & { readonly pieces: ScanPiece[]; saved: string[] } {
  const line: OpenPlace[] = [];
  const pieces: ScanPiece[] = [];
  const saved: string[] = [];
  let id = 0;
  const add: ScanJournal['begin'] = (source, places) => {
    for (const place of places) line.push({ ...place, id: (id += 1), source, recorded: NO_STEPS });
    return undefined;
  };
  return {
    standing: undefined,
    pieces,
    saved,
    begin: add,
    next: () => Promise.resolve(line.shift()),
    record: (place, piece) => {
      pieces.push(piece);
      return add(place.source, piece.places);
    },
    finish: () => undefined,
    save: (tallies) => {
      saved.push(tallies);
      return Promise.resolve(saved.length);
    },
    close: () => Promise.resolve(),
  };
}

function walkOf(pages: Readonly<Record<string, readonly WalkPiece[] | Error>>): OriginWalk {
  return {
    name: 'http://o.example/',
    start: () => [{ at: '', prefix: '' }],
    walk: async function* (place) {
      await Promise.resolve();
      const page = pages[place.at] ?? [];
      if (page instanceof Error) throw page;
      yield* page;
    },
    close: () => Promise.resolve(),
  };
}

function piece(...steps: readonly WalkStep[]): WalkPiece {
  return { steps, links: steps.length };
}

const object = (originKey: string): WalkStep => ({ kind: 'object', originKey });
const place = (at: string): WalkStep => ({ kind: 'place', place: { at, prefix: at } });

const RULES = rulesOf(`rules:
  - { id: off, match: { keyPrefix: private/ }, action: "off" }
  - { id: a, key: { addPrefix: x/ }, origins: { masters: ["http://o.example/"] } }`).rules;

/** Never ticks, so that nothing is saved but what the scan itself asks for. */
const clock: Clock = {
  now: () => 0,
  random: () => 0,
  sleep: (_, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(new Error('stopped'));
      });
    }),
};

function start(walk: OriginWalk, journal = memoryJournal()) {
  const events: RunEvent[] = [];
  const [, rule] = RULES;
  if (rule === undefined) throw new Error('no rule');
  const signal = new AbortController().signal;
  const done = scan({
    job: 'j',
    targets: [{ rule, walk }],
    rules: RULES,
    journal,
    events: { emit: (event) => events.push(event), flush: () => Promise.resolve() },
    clock,
    concurrency: 2,
    stop: { drain: signal, abort: signal },
    warn: () => undefined,
    onSaved: () => undefined,
    originRequests: () => 7,
  });
  return { done, events, journal };
}

describe('a scan', () => {
  it('accounts for every link: as a key, as a place, or with a reason', async () => {
    const { done, journal, events } = start(
      walkOf({
        '': [
          piece(object('x/k'), object('outside-of-the-rule'), place('x/')),
          piece(object('x/private/p'), { kind: 'passed', reason: 'loop', link: '../' }),
        ],
        'x/': [piece(object('x/x/l'))],
      }),
    );
    const { summary, totals, finished } = await done;
    expect(finished).toBe(true);
    expect(journal.pieces.flatMap(({ entries }) => entries)).toMatchObject([
      { key: 'k', rule: 'a', originKey: 'x/k' },
      { key: 'x/l', rule: 'a', originKey: 'x/x/l' },
    ]);
    const passed = { unmapped: 1, 'other-rule': 1, loop: 1 };
    expect(totals).toMatchObject({ pages: 2, links: 6, keys: 2, places: 1, passed });
    expect(summary).toMatchObject({ listed: 2, originRequests: 7, exitCode: 0 });
    expect(events.filter(({ event }) => event === 'passed')).toEqual([
      { event: 'passed', rule: 'a', prefix: '', link: 'outside-of-the-rule', reason: 'unmapped' },
    ]);
  });

  it('ends as a bug where a walk loses a link', async () => {
    const { done, journal } = start(walkOf({ '': [{ steps: [object('x/k')], links: 2 }] }));
    await expect(done).rejects.toThrow('2 links came to 1 steps');
    expect(journal.pieces).toEqual([]);
  });

  it('marks what is so young that a later edit would not show', async () => {
    const listed = { lastModifiedMs: 1_000_000, resolutionMs: 60_000 };
    const [young, old] = [1_060_999, 1_061_000];
    const at = (originKey: string, asOfMs: number): WalkPiece => ({
      ...piece({ kind: 'object', originKey, ...listed }),
      asOfMs,
    });
    const { done, journal } = start(walkOf({ '': [at('x/young', young), at('x/old', old)] }));
    await done;
    expect(journal.pieces.flatMap(({ entries }) => entries)).toMatchObject([
      { key: 'young', racy: true },
      { key: 'old', racy: undefined },
    ]);
  });

  it('saves as soon as a key was found, not after a second', async () => {
    const { done, journal } = start(
      walkOf({ '': [piece(place('x/'))], 'x/': [piece(object('x/k'))] }),
    );
    await done;
    expect(journal.saved.length).toBeGreaterThan(1);
    expect(JSON.parse(journal.saved[0] ?? '')).toMatchObject({ keys: 1 });
  });

  it('counts a folder beyond the first 256 among the others, and loses none', async () => {
    const folders = Array.from({ length: 300 }, (_, index) => `x${index}/`);
    const { done } = start(
      walkOf({
        '': [piece(...folders.map(place))],
        ...Object.fromEntries(folders.map((at) => [at, [piece(object(`${at}k`))]])),
      }),
    );
    const { totals } = await done;
    expect(Object.keys(totals.prefixes)).toHaveLength(256);
    expect(totals.otherPrefixes).toMatchObject({ pages: 45, links: 45 });
    expect(totals.links).toBe(600);
  });

  it('goes on elsewhere where a place can not be listed', async () => {
    const { done, events } = start(
      walkOf({
        '': [piece(place('bad/'), place('x/'))],
        'bad/': new Failure('ORIGIN_STATUS', 'GET bad: answered 502', { status: 502 }),
        'x/': [piece(object('x/k'))],
      }),
    );
    const { summary } = await done;
    expect(summary).toMatchObject({ listed: 1, listingErrors: 1, exitCode: 3 });
    expect(events.filter(({ event }) => event === 'listing')).toMatchObject([
      { rule: 'a', prefix: 'bad/', code: 'ORIGIN_STATUS', status: 502 },
    ]);
  });
});

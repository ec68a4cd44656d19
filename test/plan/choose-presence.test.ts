import { expect, test } from 'vitest';
import { choosePresence, type PresenceCosts } from '../../src/plan/choose-presence.ts';

const nothingKnown: PresenceCosts = {
  ordered: false,
  exclusiveCreate: true,
  headMs: undefined,
  pageMs: undefined,
  keysAPage: undefined,
  takenShare: undefined,
  copyMs: undefined,
};

test.each([
  ['keys in order, nothing tried', { ordered: true }, 'list'],
  ['keys in no order, nothing tried', {}, 'head'],
  ['full pages beat HEADs', { ordered: true, headMs: 2, pageMs: 100, keysAPage: 1000 }, 'list'],
  ['thin pages do not', { ordered: true, headMs: 2, pageMs: 100, keysAPage: 5 }, 'head'],
  [
    'full pages are kept while no HEAD was timed',
    { ordered: true, pageMs: 100, keysAPage: 500 },
    'list',
  ],
  ['thin pages make a HEAD worth a try', { ordered: true, pageMs: 100, keysAPage: 1 }, 'head'],
  ['empty pages too', { ordered: true, pageMs: 100, keysAPage: 0 }, 'head'],
  ['a listing is of no use out of order', { headMs: 2, pageMs: 1, keysAPage: 1000 }, 'head'],
  ['a bucket that has none: write', { headMs: 2, takenShare: 0, copyMs: 50 }, 'write'],
  ['a bucket that has some: HEAD', { headMs: 2, takenShare: 0.1, copyMs: 50 }, 'head'],
  ['few enough: write', { headMs: 2, takenShare: 0.03, copyMs: 50 }, 'write'],
  [
    'never by a write that may win against what is there',
    { headMs: 2, takenShare: 0, copyMs: 50, exclusiveCreate: false },
    'head',
  ],
  [
    'a listing beats a write that wastes more',
    { ordered: true, headMs: 2, pageMs: 10, keysAPage: 1000, takenShare: 0.5, copyMs: 50 },
    'list',
  ],
] as const)('%s', (_name, known, way) => {
  expect(choosePresence({ ...nothingKnown, ...known })).toBe(way);
});

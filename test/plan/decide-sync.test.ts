import { expect, test } from 'vitest';
import type { ListedObject } from '../../src/model/bucket.ts';
import type { GenerationEntry } from '../../src/model/generation.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { ManifestEntry } from '../../src/model/scan-journal.ts';
import { decideSync, type SyncRow, type SyncSettings } from '../../src/plan/decide-sync.ts';

const MINUTE = { lastModifiedMs: 60_000, resolutionMs: 60_000 };
const LISTED: ManifestEntry = {
  key: objectKey('a'),
  rule: 'all',
  originKey: 'a',
  size: 5,
  ...MINUTE,
};
const STORED: ListedObject = { key: objectKey('a'), size: 5, etag: '"s"', lastModifiedMs: 1 };
const BEFORE: GenerationEntry = { ...LISTED, stored: { etag: '"s"', size: 5 } };
const SYNC: SyncSettings = { overwrite: 'changed', checksum: false, isWhole: true };

const row = (changes: Partial<SyncRow>): SyncRow => ({
  listed: LISTED,
  before: BEFORE,
  stored: STORED,
  ...changes,
});
const listed = (changes: Partial<ManifestEntry>) => row({ listed: { ...LISTED, ...changes } });
const before = (changes: Partial<GenerationEntry>) => row({ before: { ...BEFORE, ...changes } });
const both = (changes: Partial<ManifestEntry>) =>
  row({ listed: { ...LISTED, ...changes }, before: { ...BEFORE, ...changes } });
const stored = (changes: Partial<ListedObject>) => row({ stored: { ...STORED, ...changes } });

test.each<[string, SyncRow, Partial<SyncSettings>, string]>([
  ['what all three have alike is unchanged', row({}), {}, 'unchanged'],
  [
    'an ETag proves as much as a date',
    both({ lastModifiedMs: undefined, etag: '"e"' }),
    {},
    'unchanged',
  ],
  ['a size that nobody lists is nothing to compare', both({ size: undefined }), {}, 'unchanged'],
  ['a new key is looked at', row({ before: undefined, stored: undefined }), {}, 'examine'],
  ['what the bucket lost is looked at', row({ stored: undefined }), {}, 'examine'],
  ['without a generation everything is looked at', row({ before: undefined }), {}, 'examine'],
  ['another size', listed({ size: 6 }), {}, 'examine'],
  ['another date, newer', listed({ lastModifiedMs: 120_000 }), {}, 'examine'],
  ['another date, older', listed({ lastModifiedMs: 0 }), {}, 'examine'],
  ['an ETag that came', listed({ etag: '"e"' }), {}, 'examine'],
  ['a date that went', listed({ lastModifiedMs: undefined }), {}, 'examine'],
  ['a size alone proves nothing', both({ lastModifiedMs: undefined }), {}, 'examine'],
  ['a date that was too young when it was listed', before({ racy: true }), {}, 'examine'],
  ['a date that is too young now, and was not then', listed({ racy: true }), {}, 'unchanged'],
  ['what came back', before({ gone: true }), {}, 'examine'],
  ['another path at the origin', listed({ originKey: 'b' }), {}, 'examine'],
  ['another rule', listed({ rule: 'other' }), {}, 'examine'],
  ['another object in the bucket, by its ETag', stored({ etag: '"t"' }), {}, 'examine'],
  ['another object in the bucket, by its size', stored({ size: 6 }), {}, 'examine'],
  ['a copy that is not as long as what is listed', both({ size: 6 }), {}, 'examine'],
  ['a copy that nobody saw in the bucket', before({ stored: undefined }), {}, 'examine'],
  ['the distrustful look at everything', row({}), { checksum: true }, 'examine'],
  ['overwrite always', row({}), { overwrite: 'always' }, 'examine'],
  ['overwrite never', listed({ size: 6 }), { overwrite: 'never' }, 'exists'],
  [
    'overwrite never, but the bucket lacks it',
    row({ stored: undefined }),
    { overwrite: 'never' },
    'examine',
  ],
  ['what the origin lists no more', row({ listed: undefined }), {}, 'gone'],
  ['what a broken listing may only hide', row({ listed: undefined }), { isWhole: false }, 'kept'],
  ['gone from both', row({ listed: undefined, stored: undefined }), {}, 'forgotten'],
  ['what only the bucket has', row({ listed: undefined, before: undefined }), {}, 'forgotten'],
])('%s', (_, given, settings, decision) => {
  expect(decideSync(given, { ...SYNC, ...settings })).toBe(decision);
});

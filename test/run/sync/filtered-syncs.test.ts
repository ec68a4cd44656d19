import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Bucket, StoredObject } from '../../../src/model/bucket.ts';
import { Failure } from '../../../src/model/failure.ts';
import type { GenerationEntry } from '../../../src/model/generation.ts';
import { compareKeys, objectKey, type ObjectKey } from '../../../src/model/object-key.ts';
import { compileGlob } from '../../../src/plan/compile-glob.ts';
import { type KeyFilter, keyFilter } from '../../../src/plan/key-filter.ts';
import { concludeSync } from '../../../src/run/sync/conclude-sync.ts';
import { planChanges } from '../../../src/run/sync/plan-changes.ts';
import { rulesOf } from '../../rules/rules-of.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

const KEYS = ['a/1', 'a/2.tmp', 'a/b/1', 'b/1', 'b/2.tmp', 'c'].map(objectKey);
const RULES = rulesOf('rules: [{ id: all, origins: { masters: ["http://o.example/"] } }]').rules;
const signal = new AbortController().signal;

function globs(...texts: readonly string[]): RegExp[] {
  return texts.flatMap((text) => {
    const made = compileGlob(text);
    return 'pattern' in made ? [made.pattern] : [];
  });
}

const FILTERS: readonly (KeyFilter | undefined)[] = [
  undefined,
  keyFilter('a/', [], []),
  keyFilter('b', [], []),
  keyFilter('', [], globs('**/*.tmp')),
  keyFilter('', globs('b/**', '?'), []),
  keyFilter('a/', globs('**/1'), globs('a/b/*')),
];

/** An origin, a bucket that others write to as well, and the syncs between them, all in memory. */
class World {
  readonly origin = new Map<ObjectKey, string>();
  readonly bucket = new Map<ObjectKey, { readonly etag: string; readonly by: 'sync' | 'others' }>();
  /** The version of each key that a sync has seen last. */
  readonly seen = new Map<ObjectKey, string>();
  #generation: readonly GenerationEntry[] = [];
  #versions = 0;

  put(key: ObjectKey): void {
    this.origin.set(key, this.#version());
  }

  overwrite(key: ObjectKey): void {
    this.bucket.set(key, { etag: this.#version(), by: 'others' });
  }

  /** @returns the keys that were looked at one by one. */
  async sync(filter: KeyFilter | undefined, deletes: boolean): Promise<readonly ObjectKey[]> {
    const changes: ObjectKey[] = [];
    const draft: GenerationEntry[] = [];
    const plan = await planChanges({
      listed: this.#listed(filter),
      before: streamOf(this.#generation),
      stored: this.#stored(filter),
      rules: RULES,
      filter,
      synced: new Set(['all']),
      overwrite: 'changed',
      checksum: false,
      isWhole: true,
      keepsResults: true,
      writer: {
        change: (keys) => void changes.push(...keys),
        draft: (entries) => Promise.resolve(void draft.push(...entries)),
        save: (counts) => Promise.resolve({ ...counts, changesBytes: 0 }),
        close: () => Promise.resolve(),
      },
      tell: () => undefined,
      flush: () => Promise.resolve(),
      now: () => 0,
    });
    const copied = changes.filter((key) => this.#copies(key));
    if (!plan.isAsBefore) await this.#conclude(plan, draft, copied, filter, deletes);
    return changes;
  }

  async #conclude(
    plan: Awaited<ReturnType<typeof planChanges>>,
    draft: readonly GenerationEntry[],
    copied: readonly ObjectKey[],
    filter: KeyFilter | undefined,
    deletes: boolean,
  ): Promise<void> {
    const next: GenerationEntry[] = [];
    const versions = copied.map((key) => ({ key, version: this.#held(key) }));
    await concludeSync({
      plan,
      draft: streamOf(draft),
      failed: streamOf<{ readonly key: ObjectKey }>([]),
      copied: streamOf(versions),
      writer: {
        append: (entries) => Promise.resolve(void next.push(...entries)),
        commit: () => Promise.resolve({ id: 1, entries: next.length, atMs: 0 }),
        abort: () => Promise.resolve(),
      },
      filter,
      deletes: deletes ? { ...this.#deletes(), most: { kind: 'share', percent: 100 } } : undefined,
      now: () => 0,
      drain: signal,
    });
    this.#generation = next;
  }

  #deletes() {
    const source = {
      origin: {
        name: 'http://o.example/',
        read: ({ key }: { readonly key: ObjectKey }): Promise<never> =>
          Promise.reject(
            this.origin.has(key)
              ? new Error(`${key} is there, and asked for`)
              : new Failure('ORIGIN_NOT_FOUND', 'gone', { origin: 'http://o.example/' }),
          ),
        probe: () => Promise.resolve(),
        close: () => Promise.resolve(),
      },
      headers: { headers: {}, secrets: new Set<string>() },
      checkKey: () => undefined,
    };
    const head = (key: ObjectKey): Promise<StoredObject | undefined> =>
      Promise.resolve(
        this.bucket.has(key)
          ? { key, ...this.#held(key), lastModifiedMs: 0, headers: {}, metadata: {} }
          : undefined,
      );
    const bucket: Bucket = { ...memoryBucket(), head };
    return {
      bucket,
      remover: { remove: (key: ObjectKey) => Promise.resolve(void this.bucket.delete(key)) },
      sources: new Map([['all', source]]),
      dryRun: false,
      tell: () => undefined,
      note: () => undefined,
      onRequest: () => undefined,
      signal,
    };
  }

  /** As a copy does that looks first. @returns whether it copied. */
  #copies(key: ObjectKey): boolean {
    const etag = this.origin.get(key) ?? '';
    if (this.bucket.get(key)?.etag === etag) return false;
    this.bucket.set(key, { etag, by: 'sync' });
    return true;
  }

  #held(key: ObjectKey) {
    return { etag: this.bucket.get(key)?.etag ?? '', size: 1 };
  }

  /** A filtered walk lists what the filter lets through. */
  #listed(filter: KeyFilter | undefined) {
    const keys = sorted(this.origin.keys()).filter((key) => filter?.keeps(key) !== false);
    for (const key of keys) this.seen.set(key, this.origin.get(key) ?? '');
    return streamOf(
      keys.map((key) => ({
        key,
        rule: 'all',
        originKey: key,
        size: 1,
        etag: this.origin.get(key),
      })),
    );
  }

  /** The bucket is listed by the prefix alone. */
  #stored(filter: KeyFilter | undefined) {
    const keys = sorted(this.bucket.keys()).filter((key) => key.startsWith(filter?.prefix ?? ''));
    return streamOf(keys.map((key) => ({ key, ...this.#held(key), lastModifiedMs: 0 })));
  }

  #version(): string {
    this.#versions += 1;
    return `"${String(this.#versions)}"`;
  }
}

function sorted(keys: Iterable<ObjectKey>): ObjectKey[] {
  return [...keys].sort(compareKeys);
}

async function* streamOf<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  await Promise.resolve();
  if (items.length > 0) yield items;
}

const key = fc.constantFrom(...KEYS);
const step = fc.oneof(
  fc.record({ do: fc.constant('put' as const), key }),
  fc.record({ do: fc.constant('remove' as const), key }),
  fc.record({ do: fc.constant('overwrite' as const), key }),
  fc.record({ do: fc.constant('drop' as const), key }),
  fc.record({
    do: fc.constant('sync' as const),
    filter: fc.nat(FILTERS.length - 1),
    deletes: fc.boolean(),
  }),
);

async function syncAndCheck(world: World, filter: KeyFilter | undefined, deletes: boolean) {
  const before = new Map(world.bucket);
  const seen = new Map(world.seen);
  const examined = await world.sync(filter, deletes);
  for (const one of KEYS) {
    const [was, is, there] = [before.get(one), world.bucket.get(one), world.origin.get(one)];
    const facts = JSON.stringify({ key: one, was, is, there, deletes, filter });
    // What is left out is as it was; what the origin has is in the bucket.
    if (filter?.keeps(one) === false) expect(is, facts).toBe(was);
    else if (there !== undefined) {
      expect(is?.etag, facts).toBe(there);
      // What some sync saw and nobody has touched since is not looked at again.
      if (was?.etag === there && seen.get(one) === there) expect(examined).not.toContain(one);
    } else if (was?.by === 'others' || !deletes) expect(is, facts).toBe(was);
    else expect(is, facts).toBeUndefined();
  }
}

test('whatever filters follow each other, each sync does all of its keys and nothing to others', async () => {
  const steps = fc.array(step, { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const world = new World();
      for (const one of KEYS) world.put(one);
      for (const next of all) {
        switch (next.do) {
          case 'put':
            world.put(next.key);
            break;
          case 'remove':
            world.origin.delete(next.key);
            break;
          case 'overwrite':
            world.overwrite(next.key);
            break;
          case 'drop':
            world.bucket.delete(next.key);
            break;
          case 'sync':
            await syncAndCheck(world, FILTERS[next.filter], next.deletes);
            break;
        }
      }
    }),
    { numRuns: 500 },
  );
});

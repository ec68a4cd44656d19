import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys, objectKey } from '../../src/model/object-key.ts';
import { alignByKey } from '../../src/plan/align-by-key.ts';

async function* stream(keys: readonly string[], size = 2) {
  await Promise.resolve();
  for (let at = 0; at < keys.length; at += size) {
    yield keys.slice(at, at + size).map((key) => ({ key: objectKey(key) }));
  }
}

async function rowsOf(a: readonly string[], b: readonly string[], c: readonly string[] = []) {
  const rows: [string, boolean, boolean, boolean][] = [];
  for await (const some of alignByKey(stream(a), stream(b, 3), stream(c, 1))) {
    for (const { key, ...has } of some) {
      for (const item of [has.a, has.b, has.c]) expect(item?.key ?? key).toBe(key);
      rows.push([key, has.a !== undefined, has.b !== undefined, has.c !== undefined]);
    }
  }
  return rows;
}

test('every key of any stream comes once, with who has it', async () => {
  expect(await rowsOf(['a', 'c', 'd'], ['b', 'c'], ['a', 'c', 'e'])).toEqual([
    ['a', true, false, true],
    ['b', false, true, false],
    ['c', true, true, true],
    ['d', true, false, false],
    ['e', false, false, true],
  ]);
});

test('whatever the streams hold, they come as their union in the order of UTF-8 bytes', async () => {
  const keys = fc.uniqueArray(
    fc.constantFrom('a', 'b', 'c', 'é', '\uffee', '\u{1f600}', 'a/b', 'ab'),
  );
  await fc.assert(
    fc.asyncProperty(keys, keys, keys, async (...given) => {
      const sorted = given.map((some) => some.toSorted(compareKeys));
      const [a = [], b = [], c = []] = sorted;
      const expected = [...new Set(given.flat())]
        .sort(compareKeys)
        .map((key) => [key, a.includes(key), b.includes(key), c.includes(key)]);
      expect(await rowsOf(a, b, c)).toEqual(expected);
    }),
  );
});

test.each([[['b', 'a']], [['a', 'a']], [['a', 'b', 'c', 'b']]])(
  '%j is refused: a key would be lost',
  async (keys) => {
    await expect(rowsOf(keys, ['a', 'b'])).rejects.toThrow(/came behind/);
  },
);

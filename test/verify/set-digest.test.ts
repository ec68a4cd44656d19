import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SetDigest } from '../../src/verify/set-digest.ts';

type Element = readonly [key: string, bytes: number | undefined, sha256: string | undefined];

function digestOf(elements: readonly Element[]): string {
  const digest = new SetDigest();
  for (const [key, bytes, sha256] of elements) digest.add(key, bytes, sha256);
  return digest.text('full');
}

/** As the README words it, with numbers of any size. */
function byDefinition(elements: readonly Element[]): string {
  let sum = 0n;
  for (const [key, bytes, sha256] of elements) {
    const hash = createHash('shake256', { outputLength: 256 })
      .update(`${sha256 ?? '-'} ${bytes ?? '-'} ${key}`)
      .digest();
    sum += BigInt(`0x${hash.reverse().toString('hex')}`);
  }
  const hex = (sum % 2n ** 2048n).toString(16).padStart(512, '0');
  const bytes = Buffer.from(hex, 'hex').reverse();
  return `bf1:full:${elements.length}:${createHash('sha256').update(bytes).digest('hex')}`;
}

const ELEMENTS = fc.uniqueArray(
  fc.tuple(
    fc.string({ unit: 'grapheme', minLength: 1 }),
    fc.option(fc.nat(), { nil: undefined }),
    fc.option(fc.constant('ab'.repeat(32)), { nil: undefined }),
  ),
  { selector: ([key]) => key, maxLength: 40 },
);

describe('the digest of a set', () => {
  it('is what its definition says', () => {
    fc.assert(
      fc.property(ELEMENTS, (elements) => {
        expect(digestOf(elements)).toBe(byDefinition(elements));
      }),
    );
  });

  it('does not depend on the order', () => {
    fc.assert(
      fc.property(ELEMENTS, fc.infiniteStream(fc.nat()), (elements, draws) => {
        const keyed = elements.map((element) => [draws.next().value as number, element] as const);
        const shuffled = keyed.toSorted(([a], [b]) => a - b).map(([, element]) => element);
        expect(digestOf(shuffled)).toBe(digestOf(elements));
      }),
    );
  });

  it.each<[string, Element]>([
    ['another key', ['b', 1, 'aa']],
    ['another size', ['a', 2, 'aa']],
    ['another body', ['a', 1, 'ab']],
    ['no size', ['a', undefined, 'aa']],
    ['no body', ['a', 1, undefined]],
  ])('changes with %s', (_, changed) => {
    const rest: Element[] = [['x', 5, 'ff']];
    expect(digestOf([...rest, changed])).not.toBe(digestOf([...rest, ['a', 1, 'aa']]));
  });

  it('is right beyond the carries that it puts off', () => {
    const many = Array.from({ length: 3 }, (_, index): Element => [`k${index}`, 1, undefined]);
    const digest = new SetDigest();
    for (const [key] of many) {
      digest.add(key, 1, undefined);
      digest.text('full');
    }
    expect(digest.text('full')).toBe(byDefinition(many));
  });

  it('of two objects is what a few lines of Python made of them', () => {
    const digest = new SetDigest();
    digest.add('a', 1, undefined);
    digest.add('b/ü', 2, undefined);
    expect(digest.text('size')).toBe(
      'bf1:size:2:69ed07f69f77b2d45957726c870f7fe114fba86813912c2f1bffbf11c1312431',
    );
  });

  it('of nothing names no object', () => {
    expect(new SetDigest().text('full')).toBe(
      'bf1:full:0:5341e6b2646979a70e57653007a1f310169421ec9bdd9f1a5648f75ade005af1',
    );
  });
});

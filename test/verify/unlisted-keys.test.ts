import { describe, expect, it } from 'vitest';
import { objectKey } from '../../src/model/object-key.ts';
import { parseRules } from '../../src/rules/parse-rules.ts';
import { UnlistedKeys } from '../../src/verify/unlisted-keys.ts';

const RULES = `version: 1
bucket: { url: "file:./b" }
rules:
  - id: video
    match: { keyPrefix: video/ }
    key: { replacePrefix: films/ }
    origins: { masters: ["https://a.example/"] }
  - id: rest
    origins: { masters: ["https://b.example/"] }
`;
const [video, rest] = parseRules(RULES, 'rules.yaml').rules?.rules ?? [];
if (video === undefined || rest === undefined) throw new Error('the rules are wrong');

describe('keys below what could not be listed', () => {
  const unlisted = new UnlistedKeys();
  unlisted.add('video', 'films/a/');
  unlisted.add('video', 'films/b/c/');

  it.each([
    ['video/a/x', true],
    ['video/a/', true],
    ['video/b/c/d/e', true],
    ['video/b/x', false],
    ['video/ab', false],
    ['video/films/a/x', false],
  ])('are known by their origin keys: %s is %s', (key, is) => {
    expect(unlisted.has(video, objectKey(key))).toBe(is);
  });

  it('are those of the rule that failed alone', () => {
    expect(unlisted.has(rest, objectKey('films/a/x'))).toBe(false);
  });

  it('are all of a rule whose top failed', () => {
    const top = new UnlistedKeys();
    top.add('rest', '');
    expect(top.has(rest, objectKey('anything'))).toBe(true);
    expect(top.has(video, objectKey('video/a'))).toBe(false);
  });
});

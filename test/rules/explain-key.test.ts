import { describe, expect, it } from 'vitest';

import { objectKey } from '../../src/model/object-key.ts';
import { explainKey } from '../../src/rules/explain-key.ts';
import { explainText } from '../../src/rules/explain-text.ts';
import { rulesOf } from './rules-of.ts';

const RULES = rulesOf(
  `rules:
  - id: clips
    match: { keyPrefix: video/, keySuffix: .mp4 }
    key: { replacePrefix: archive/ }
    request: { headers: { set: { x-from: mirror, x-b: { env: B } } } }
    origins:
      select: roundRobin
      masters:
        - { url: https://m1.example/base, hostHeader: www.example, headers: { authorization: { env: AUTH } } }
        - { env: M2 }
        - https://m3.example/
      slaves: [https://s1.example/, "s3://old-bucket/p/"]
  - id: moved
    match: { keyPrefix: moved/ }
    action: redirect
    redirect: { status: 301 }
    origins: { masters: [https://new.example/?v=1] }
  - id: gone
    match: { keyPrefix: gone/ }
    action: "off"
`,
);

describe('explaining a key', () => {
  it('gives the whole object of explain --json', () => {
    expect(explainKey(RULES, objectKey('video/a b.mp4'))).toEqual({
      key: 'video/a b.mp4',
      rule: 'clips',
      source: 'file',
      action: 'mirror',
      originUrls: [
        'https://m1.example/base/archive/a%20b.mp4',
        '${M2}/archive/a%20b.mp4',
        'https://s1.example/archive/a%20b.mp4',
      ],
      requestHeaders: {
        host: 'www.example',
        'x-from': 'mirror',
        'x-b': '${B}',
        authorization: '${AUTH}',
      },
      storedKey: 'video/a b.mp4',
      redirect: null,
      reason:
        'the key starts with `video/` and the key ends with `.mp4`; masters take turns (roundRobin): each is asked first for its share of the keys',
    });
  });

  it('says of a redirect where to, and that nothing is stored', () => {
    expect(explainKey(RULES, objectKey('moved/x'))).toMatchObject({
      rule: 'moved',
      storedKey: null,
      redirect: { status: 301, location: 'https://new.example/moved/x?v=1' },
    });
  });

  it('says of an unmatched key why no rule takes it, and has no originUrls', () => {
    const explanation = explainKey(RULES, objectKey('else'));
    expect(explanation).toMatchObject({ rule: null, action: null, source: null, storedKey: null });
    expect('originUrls' in explanation).toBe(false);
    expect(explanation.reason).toMatch(/^no rule matches: `clips`: .*`moved`: .*`gone`: /);
  });

  it('tells of a key that cannot be asked for instead of failing', () => {
    const explanation = explainKey(RULES, objectKey('video/../a.mp4'));
    expect(explanation.reason).toContain('KEY_INVALID');
    expect(explanation.storedKey).toBeNull();
    expect(explainText(explanation, RULES)).not.toContain('stored as');
    expect(explainKey(rulesOf('rules: []'), objectKey('a')).reason).toBe('there is no rule');
  });
});

describe('an explanation for people', () => {
  it('says what migrate would do and which rules were passed over', () => {
    const text = explainText(explainKey(RULES, objectKey('gone/a')), RULES);
    expect(text).toContain('rule       gone (off)');
    expect(text).toContain('skips it (rule-off: off stores nothing)');
    expect(text).toContain('passed over: `clips` (the key does not start with `video/`');
    expect(text).toContain('`moved` (the key does not start with `moved/`)');
  });

  it('has a line for each address and for what is stored', () => {
    const lines = explainText(explainKey(RULES, objectKey('video/a.mp4')), RULES).split('\n');
    expect(lines[0]).toBe('video/a.mp4');
    expect(lines).toContain('  origins    https://m1.example/base/archive/a.mp4');
    expect(lines).toContain('             https://s1.example/archive/a.mp4');
    expect(lines).toContain('  stored as  video/a.mp4');
  });

  it('skips what no rule takes', () => {
    expect(explainText(explainKey(RULES, objectKey('else')), RULES)).toContain(
      'skips it (no-rule)',
    );
  });
});

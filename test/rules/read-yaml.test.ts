import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { formatProblem, parseRules } from '../../src/rules/parse-rules.ts';
import { errorsOf, HEAD, problemsOf } from './rules-of.ts';

function first(text: string): string {
  const { rules, problems } = parseRules(text, 'f');
  expect(rules).toBeUndefined();
  const [problem] = problems;
  return problem === undefined ? 'no problem' : formatProblem('f', problem);
}

describe('a text that is no rules file', () => {
  it.each([
    ['', 'f:1:1 the file is empty; a rules file starts with `version: 1`'],
    [' \n\t\n', 'f:1:1 the file is empty; a rules file starts with `version: 1`'],
    ['# only a comment\n', 'f:1:1 f is not a map of fields; a rules file starts with `version: 1`'],
    ['just words', 'f:1:1 f is not a map of fields; a rules file starts with `version: 1`'],
    ['- a\n- b\n', 'f:1:1 f is not a map of fields; a rules file starts with `version: 1`'],
    ['a: b\n\u0000\u0001', 'f:2:1 the file holds bytes that are not text; is this a rules file?'],
    ['\u001F\uFFFD\b\u0000', 'f:1:1 the file holds bytes that are not text; is this a rules file?'],
    ['version: 1\n\tbucket: x', 'f:2:1 invalid YAML: a tab as indentation; YAML takes spaces only'],
    [
      'version: 1\n---\nversion: 1',
      'f:2:1 invalid YAML: a second document (`---`); a rules file holds one',
    ],
    [
      'version: !!js/function x',
      'f:1:10 invalid YAML: tags (`!name`) are not read; remove it, or put quotes around the text',
    ],
    [
      '"version: 1',
      'f:1:12 invalid YAML: something that was opened is not closed, or a `:`, `,` or space is missing',
    ],
  ])('%j is told as %s', (text, expected) => {
    expect(first(text)).toBe(expected);
  });

  it('that is huge is refused before it is parsed', () => {
    expect(first('a'.repeat(9_000_000))).toContain('is this a rules file?');
  });

  it('that is nested without end is refused', () => {
    expect(first('['.repeat(100_000))).toContain('nested too deeply');
    expect(first(`a: ${'['.repeat(100)}${']'.repeat(100)}`)).toContain('nested too deeply');
  });

  it('whose aliases multiply or contain themselves is refused', () => {
    const levels = Array.from({ length: 12 }, (_, i) => {
      const refs = Array.from({ length: 9 }, () => (i === 0 ? 'x' : `*a${i - 1}`));
      return `a${i}: &a${i} [${refs.join(', ')}]`;
    });
    expect(first(levels.join('\n'))).toContain('aliases expand to far too many values');
    expect(first('a: &a [*a, *a]')).toMatch(/nested too deeply|far too many/);
  });

  it('says nothing of its own text, which may hold secrets', () => {
    for (const text of ['a: "hush', 'hush: hush: hush', '{ a: hush', 'a: hush\n  b: hush']) {
      expect(first(text).replace(/^f:/, '')).not.toContain('hush');
    }
  });
});

describe('the YAML of a rules file', () => {
  it('may use anchors and a byte order mark', () => {
    const text = `\uFEFF${HEAD}rules:\n  - { id: a, origins: &o { masters: ["http://o.example/"] } }\n  - { id: b, match: { keyPrefix: b/ }, origins: *o }\n`;
    expect(parseRules(text, 'f').rules?.rules).toHaveLength(2);
  });

  it('may not name an anchor that is not above', () => {
    expect(errorsOf('rules: []\nallowPrivate: *nobody')[0]).toMatch(
      /^allowPrivate: invalid YAML: an alias .* without its anchor/,
    );
    expect(errorsOf('rules: *r\nscan: &r []')[0]).toMatch(/^rules: .* without its anchor/);
  });

  it('reports duplicate fields with both places, beside all other problems', () => {
    const problems = problemsOf('rules:\n  - id: a\n    id: b\n    actoin: x\n    action: "off"\n');
    expect(problems.map(({ line, path, message }) => `${line} ${path}: ${message}`)).toEqual([
      '5 rules[0].id: duplicate field, first on line 4; keep one',
      '6 rules[0].actoin: unknown field `actoin`, did you mean `action`?',
    ]);
  });

  it.each([
    ['rules: []\n__proto__: { a: 1 }', '__proto__: unknown field `__proto__`'],
    ['rules: []\n<<: { a: 1 }', '["<<"]: merge keys are not read; use `defaults:`'],
    ['rules: []\n? [a]\n: b', '["?"]: a field name must be plain text'],
  ])('has no use for %j', (body, expected) => {
    expect(errorsOf(body)).toEqual([expected]);
  });
});

describe('whatever the text', () => {
  const yamlish = fc
    .array(
      fc.constantFrom(
        ...[
          'version: 1',
          'bucket:',
          '  url: s3://x',
          'rules:',
          '  - id: a',
          '  -',
          '{',
          '}',
          '[',
          ']',
        ],
        ...[
          'defaults:',
          '&a',
          '*a',
          ': ',
          '"',
          "'",
          '|',
          '\t',
          '\n',
          '    match: { keyPrefix: a }',
        ],
        ...['!!map', '? ', 'null', '__proto__: 1', '<<: *a', '    origins: { masters: [x] }', '5'],
      ),
      { maxLength: 14 },
    )
    .map((parts) => parts.join('\n'));

  it('parseRules returns rules or says why not, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), yamlish), (text) => {
        const { rules, problems } = parseRules(text, 'f');
        const errors = problems.filter(({ severity }) => severity === 'error');
        expect(rules === undefined).toBe(errors.length > 0);
        for (const { line, column, message } of problems) {
          expect(Math.min(line, column)).toBeGreaterThanOrEqual(1);
          expect(message).not.toMatch(/[\r\n]/);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('nor does it for a valid file of which any value is replaced by another kind of value', () => {
    const value = fc.constantFrom(
      '5',
      '-1',
      'true',
      'null',
      '""',
      'x',
      '[]',
      '{}',
      '[1]',
      '{ a: b }',
    );
    const field = fc.constantFrom(
      ...[
        'match',
        'action',
        'redirect',
        'key',
        'origins',
        'request',
        'response',
        'store',
        'protect',
      ],
    );
    const inner = fc.constantFrom(
      ...[
        'headers',
        'statuses',
        'masters',
        'slaves',
        'retryOn',
        'retries',
        'fixed',
        'breaker',
        'tags',
      ],
      ...['contentType', 'reject', 'multipart', 'timeouts', 'hosts', 'template', 'replaceSuffix'],
    );
    fc.assert(
      fc.property(field, inner, value, (outer, name, text) => {
        for (const body of [`${outer}: ${text}`, `${outer}: { ${name}: ${text} }`]) {
          const full = `${HEAD}defaults: { ${body} }\nrules: [{ id: a, ${body} }, { id: b, ${body} }]`;
          expect(Array.isArray(parseRules(full, 'f').problems)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

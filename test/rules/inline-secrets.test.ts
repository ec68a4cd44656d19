import { describe, expect, it } from 'vitest';

import { parseRules } from '../../src/rules/parse-rules.ts';
import { errorsOf, ruleErrors } from './rules-of.ts';

describe('inline secrets are refused, with { env: NAME } as the way out', () => {
  it.each([
    'masters: ["https://user:hush@h.example/"]',
    'masters: ["https://h.example/?X-Amz-Signature=hush"]',
    'masters: ["https://h.example/?a=b&token=hush"]',
    'masters: [{ url: "https://h.example/?sig=hush" }]',
    'masters: [{ url: "https://h.example/", headers: { authorization: "Bearer hush" } }]',
    'masters: [{ url: "https://h.example/", headers: { Cookie: hush } }]',
    'masters: [{ url: "https://h.example/", headers: { x-auth-token: hush } }]',
    'masters: [{ url: "https://h.example/", headers: { x-api-key: hush } }]',
    'masters: [{ url: "https://h.example/", headers: { x-other: "Basic aHVzaDpodXNo" } }]',
  ])('%s', (origins) => {
    const errors = errorsOf(`rules: [{ id: a, origins: { ${origins} } }]`);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('{ env: NAME }');
    expect(errors[0]).not.toContain('hush');
    expect(errors[0]).not.toContain('aHVz');
  });

  it('also among the headers of a rule, where credentials have no place at all', () => {
    expect(ruleErrors('request: { headers: { set: { x-api-key: hush } } }')[0]).toContain(
      '{ env: NAME }',
    );
    expect(ruleErrors('request: { headers: { set: { authorization: { env: A } } } }')[0]).toContain(
      'deny list',
    );
    expect(ruleErrors('request: { headers: { pass: [cookie] } }')).toEqual([]);
  });

  it('and an unknown field that looks like one gets the same advice', () => {
    const { problems } = parseRules(
      'version: 1\nbucket: { url: "s3://media", secretAccessKey: hush }\nrules: []',
      'f',
    );
    expect(problems[0]?.message).toContain('{ env: NAME }');
    expect(JSON.stringify(problems)).not.toContain('hush');
  });
});

import { describe, expect, test } from 'vitest';
import type { Rule } from '../../src/model/rule.ts';
import { composeRules, tooManyRules, type VendorRuleList } from '../../src/rules/compose-rules.ts';
import { rulesOf } from './rules-of.ts';

function rules(ids: readonly string[]): readonly Rule[] {
  const each = ids.map((id) => `{ id: ${id}, action: 'off' }`);
  return rulesOf(`rules: [${each.join(', ')}]`).rules;
}

const list = (vendor: VendorRuleList['vendor'], ...ids: string[]): VendorRuleList => ({
  vendor,
  rules: rules(ids),
});

/** Ids in their order, each with who brought it. */
function composed(file: readonly string[], ...vendors: readonly VendorRuleList[]): string[] {
  const { rules: all, vendorOf } = composeRules(
    { ...rulesOf('rules: []'), rules: rules(file) },
    vendors,
  );
  return all.rules.map(({ id }) => `${id} of ${vendorOf.get(id) ?? 'file'}`);
}

describe('rules of vendors and of the file', () => {
  test.each<[string, string[], VendorRuleList[], string[]]>([
    ['are the file alone where no vendor brought any', ['a', 'b'], [], ['a of file', 'b of file']],
    [
      'come vendors first, the last PUT before the others',
      ['a'],
      [list('oss', 'x', 'y'), list('obs', 'z')],
      ['x of oss', 'y of oss', 'z of obs', 'a of file'],
    ],
    [
      'keep the ids of the file; a vendor that has one of them puts its name before it',
      ['a'],
      [list('obs', 'a', 'b')],
      ['obs-a of obs', 'b of obs', 'a of file'],
    ],
    [
      'get a number where that is taken as well',
      ['a', 'obs-a', 'obs-a-2'],
      [list('obs', 'a')],
      ['obs-a-3 of obs', 'a of file', 'obs-a of file', 'obs-a-2 of file'],
    ],
    [
      'of one vendor never take the id of another rule of it',
      ['a'],
      [list('obs', 'a', 'obs-a')],
      ['obs-a of obs', 'obs-obs-a of obs', 'a of file'],
    ],
    ['of no rules are nothing', ['a'], [list('oss')], ['a of file']],
  ])('%s', (_title, file, vendors, expected) => {
    expect(composed(file, ...vendors)).toEqual(expected);
  });

  test('keep their ids whichever vendor was the last to PUT', () => {
    const [obs, oss] = [list('obs', 'a'), list('oss', 'a')];
    expect(composed([], obs, oss)).toEqual(['a of obs', 'oss-a of oss']);
    expect(composed([], oss, obs)).toEqual(['oss-a of oss', 'a of obs']);
  });

  test('change in nothing but the id', () => {
    const file = rulesOf("rules: [{ id: a, action: 'off' }]");
    const [rule] = composeRules(file, [list('bos', 'a')]).rules.rules;
    expect({ ...rule, id: 'a' }).toEqual(rules(['a'])[0]);
    expect(composeRules(file, []).rules).toEqual(file);
  });

  test('are at most 1000 together', () => {
    const many = Array.from({ length: 600 }, (_, at) => `f${at}`);
    const file = { ...rulesOf('rules: []'), rules: rules(many) };
    const more = list('obs', ...Array.from({ length: 400 }, (_, at) => `v${at}`));
    expect(tooManyRules(file, [more])).toBeUndefined();
    expect(tooManyRules(file, [more, list('oss', 'one')])).toMatch(/1000.*600.*401/);
  });
});

import { describe, expect, test } from 'vitest';
import { threadCount } from '../../../src/cli/threads/thread-count.ts';
import { parseRules } from '../../../src/rules/parse-rules.ts';

const MIB = 2 ** 20;

function count(more: object = {}, rule = '', bucket = 's3://bucket'): readonly [number, string] {
  const { rules } = parseRules(
    `version: 1\nbucket: { url: "${bucket}" }\nrules: [{ id: all, origins: { masters: ["https://o.example/"] }${rule} }]\n`,
    'rules.yaml',
  );
  if (rules === undefined) throw new Error('the rules have problems');
  const options = { workers: 4, memory: 256 * MIB, concurrency: 'auto' as const, ...more };
  const { threads, why } = threadCount(options, rules, rules.rules);
  return [threads, why ?? ''];
}

describe('there are as many threads as were asked for', () => {
  test('where each has enough of everything', () => {
    expect(count()).toEqual([4, '']);
  });

  test.each([
    ['a dry run copies nothing', { dryRun: true }, '', 1],
    ['--memory', { memory: 64 * MIB }, '', 2],
    ['--memory', {}, ', store: { multipart: { partSize: 100MiB } }', 2],
    ['--memory', {}, ', store: { multipart: { partSize: 1GiB } }', 1],
    ['--concurrency', { concurrency: 3 }, '', 3],
    ['protect.concurrency', {}, ', protect: { concurrency: 2 }', 2],
    ['no rule', {}, ', action: proxy', 1],
  ])('but for %s', (why, more, rule, threads) => {
    const [got, said] = count(more, rule);
    expect([got, said.includes(why)]).toEqual([threads, true]);
  });

  test('and a directory has no parts', () => {
    const parts = ', store: { multipart: { partSize: 1GiB } }';
    expect(count({}, parts, 'file:./bucket')).toEqual([4, '']);
  });
});

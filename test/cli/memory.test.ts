import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { sizeOfMemory } from '../../src/cli/run-options.ts';
import { processSurroundings } from '../../src/cli/surroundings.ts';

/** What stderr says of a command line that must be refused. */
async function refused(...args: readonly string[]): Promise<{ code: number; said: string }> {
  const stderr = new PassThrough();
  const surroundings = { ...processSurroundings(), stderr, stdout: new PassThrough() };
  const code = await main(['prefetch', 'rules.yaml', 'k', ...args], surroundings);
  stderr.end();
  let said = '';
  for await (const chunk of stderr) said += String(chunk);
  return { code, said };
}

describe('--memory', () => {
  test.each([
    ['32MiB', 32 * 2 ** 20],
    ['1.5GiB', 1.5 * 2 ** 30],
    ['256MB', 256_000_000],
  ])('%s is %i bytes', (text, bytes) => {
    expect(sizeOfMemory(text)).toBe(bytes);
  });

  test.each(['31MiB', '0B', '256', 'much', '-1GiB', ''])('%j is no memory', (text) => {
    expect(() => sizeOfMemory(text)).toThrow('at least 32MiB');
  });

  test('that can not be meant ends with a line that says what can', async () => {
    const { code, said } = await refused('--memory', '256');
    expect(code).toBe(2);
    expect(said).toMatch(/^bucketfill: .*--memory <size>.* '256' is invalid\. .*at least 32MiB/);
    expect(said.trim().split('\n')).toHaveLength(1);
  });
});

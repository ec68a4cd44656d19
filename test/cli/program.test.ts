import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { processSurroundings } from '../../src/cli/surroundings.ts';

const COMMANDS =
  'check explain import scan migrate sync prefetch serve verify retry status report cleanup demo';

async function said(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await main(argv, { ...processSurroundings(), stdout, stderr });
  const textOf = (stream: PassThrough): string => String(stream.read() ?? '');
  return { code, stdout: textOf(stdout), stderr: textOf(stderr) };
}

describe('the command line', () => {
  test('shows every command to who asks for help', async () => {
    const { code, stdout } = await said('--help');
    const shown = Array.from(stdout.matchAll(/^ {2}([a-z]+) .*(?:rules|vendor|demo|fills)/gm));

    expect(code).toBe(0);
    expect(shown.map(([, name]) => name).join(' ')).toContain(COMMANDS);
  });

  test.each(COMMANDS.split(' '))('%s tells its own help, by either way of asking', async (name) => {
    const asked = await said(name, '--help');
    const named = await said('help', name);

    expect(asked.code).toBe(0);
    expect(asked.stdout).toMatch(new RegExp(`^Usage: bucketfill ${name}\\b`));
    expect(named.stdout).toBe(asked.stdout);
  });

  test('names a command that was likely meant', async () => {
    const { code, stderr } = await said('migrat', 'rules.yaml');

    expect(code).toBe(2);
    expect(stderr).toContain("unknown command 'migrat' (Did you mean migrate?)");
  });

  test('tells its version', async () => {
    expect(await said('--version')).toMatchObject({ code: 0, stderr: '' });
  });
});

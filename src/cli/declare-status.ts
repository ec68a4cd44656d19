import type { Command } from 'commander';
import type { StatusOptions } from './commands/status.ts';
import { addLogOptions, env, stateOption, SWITCHES, toggle } from './flags.ts';
import type { Surroundings } from './surroundings.ts';
import { withSwitches } from './switches.ts';

/** Declares `status`. */
export function declareStatus(
  program: Command,
  surroundings: Surroundings,
  exit: (code: number) => void,
): void {
  const command = program
    .command('status <rules>')
    .description('how far the jobs are, and whether the origins can be switched off')
    .addOption(stateOption())
    .addOption(env('--job <name>', 'JOB', 'only this job'))
    .addOption(toggle('--json', 'jobs and cutover as a JSON object on stdout'))
    .addOption(toggle('--gate', 'only the verdict; exit 0 only when it is yes'));
  addLogOptions(command);
  command
    .addHelpText(
      'after',
      `
Reads the state and asks nobody; it may run beside a migrate and a serve at any time.

Examples:
  bucketfill status rules.yaml
  bucketfill status rules.yaml --json
  bucketfill status rules.yaml --gate && switch-off-the-origin

Exit codes:
  0 told; with --gate: the origins can be switched off
  2 usage or rules invalid
  3 with --gate: they can not be switched off, or serve has not watched for 24 hours
  5 a directory bucket can not be read
  8 the state can not be read, or is damaged`,
    )
    .action(async (file: string, options: StatusOptions) => {
      const { status } = await import('./commands/status.ts');
      const switches = [...SWITCHES, 'gate'];
      exit(await status(file, withSwitches(options, switches, surroundings), surroundings));
    });
}

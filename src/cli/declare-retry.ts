import type { Command } from 'commander';
import type { RetryOptions } from './commands/retry.ts';
import { addRunOptions, env, SWITCHES, toggle } from './flags.ts';
import type { Surroundings } from './surroundings.ts';
import { withSwitches } from './switches.ts';

/** Declares `retry`. */
export function declareRetry(
  program: Command,
  surroundings: Surroundings,
  exit: (code: number) => void,
): void {
  const command = program
    .command('retry <rules>')
    .description('runs again only what failed in the last run')
    .addOption(env('--job <name>', 'JOB', 'the job whose failed keys are meant'))
    .addOption(toggle('--wait', 'wait for another run of this job to end'))
    .addOption(toggle('--dry-run', 'say what would be tried again, copy nothing'));
  addRunOptions(command);
  command
    .addHelpText(
      'after',
      `
Takes the failed keys of the job that ran last, from the list, stdin or scan that it was begun
with; nothing is scanned. What is overwritten, and which keys are left out, is as that job had it. A
retry that is interrupted is gone on with by the next one, or by the command that began the job. A
job that was interrupted itself has to be ended first, by the command that began it.

Examples:
  bucketfill retry rules.yaml
  bucketfill retry rules.yaml --dry-run
  bucketfill retry rules.yaml --job nightly --json > events.jsonl

Exit codes:
  0 every failed key is settled, or none had failed   1 internal bug
  2 usage or rules invalid, no such job, an interrupted one, or its list is gone
  3 some objects failed again, or some pages could not be listed
  5 the bucket, or every origin of a rule, is unusable
  6 the state holds this job with other rules, or its list is another one
  7 another run holds the lock   8 the state directory is unusable
  130/143 interrupted, run it again to resume`,
    )
    .action(async (file: string, options: RetryOptions) => {
      const { retry } = await import('./commands/retry.ts');
      exit(await retry(file, withSwitches(options, SWITCHES, surroundings), surroundings));
    });
}

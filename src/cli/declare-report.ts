import { type Command, Option } from 'commander';
import type { ReportOptions } from './commands/report.ts';
import { addLogOptions, env, stateOption, SWITCHES, toggle } from './flags.ts';
import type { Surroundings } from './surroundings.ts';
import { withSwitches } from './switches.ts';

/** Declares `report`. */
export function declareReport(
  program: Command,
  surroundings: Surroundings,
  exit: (code: number) => void,
): void {
  const command = program
    .command('report <rules>')
    .description('the report of the last run: what became of every key, and how it went')
    .addOption(
      env('--format <format>', 'FORMAT', 'how it is written')
        .choices(['html', 'jsonl', 'csv', 'gcs', 's3-batch'])
        .default('html'),
    )
    .addOption(new Option('-o, --output <file>', 'where the report goes (stdout)'))
    .addOption(toggle('--failures', 'only the keys that failed; not for html'))
    .addOption(stateOption())
    .addOption(env('--job <name>', 'JOB', 'of this job (the one that changed last)'));
  addLogOptions(command);
  command
    .addHelpText(
      'after',
      `
Reads the state and asks nobody; it may run beside a migrate and a serve at any time.

Formats:
  html      one page that needs nothing else: throughput, failures, slow origins, the tail
  jsonl     a JSON object an outcome
  csv       a line an outcome, names first
  gcs       as the transfer logs of Google's Storage Transfer Service
  s3-batch  as the completion reports of S3 Batch Operations

Examples:
  bucketfill report rules.yaml -o report.html
  bucketfill report rules.yaml --format csv --failures -o failed.csv
  bucketfill report rules.yaml --format jsonl | jq -r 'select(.outcome=="failed").key'

Exit codes:
  0 written
  2 usage or rules invalid, there is no such job, or the file can not be written
  5 a directory bucket can not be read
  8 the state can not be read, or is damaged
  130 whoever read stdout has gone`,
    )
    .action(async (file: string, options: ReportOptions) => {
      const { report } = await import('./commands/report.ts');
      const switches = [...SWITCHES, 'failures'];
      exit(await report(file, withSwitches(options, switches, surroundings), surroundings));
    });
}

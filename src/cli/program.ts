import { Command } from 'commander';
import type { CleanupOptions } from './commands/cleanup.ts';
import type { ImportOptions } from './commands/import.ts';
import type { ExplainOptions } from './commands/explain.ts';
import type { MigrateOptions } from './commands/migrate.ts';
import type { PrefetchOptions } from './commands/prefetch.ts';
import { addFilterOptions, FILTER_HELP } from './filter-options.ts';
import {
  addLogOptions,
  addRunOptions,
  env,
  keysFormatOption,
  overwriteOption,
  resultsOption,
  stateOption,
  SWITCHES,
  toggle,
} from './flags.ts';
import { declareReport } from './declare-report.ts';
import { declareRetry } from './declare-retry.ts';
import { declareScan } from './declare-scan.ts';
import { declareServe } from './declare-serve.ts';
import { declareStatus } from './declare-status.ts';
import { declareSync } from './declare-sync.ts';
import { declareVerify } from './declare-verify.ts';
import { maxAge } from './run-options.ts';
import { withSwitches } from './switches.ts';
import type { Surroundings } from './surroundings.ts';
import { version } from './version.ts';

type SetExitCode = (code: number) => void;

const RUN_EXIT_CODES = `
Exit codes:
  0 complete   1 internal bug   2 usage or rules invalid
  3 some objects failed, or some pages could not be listed
  5 the bucket, or every origin of a rule, is unusable
  6 the state holds this job with other rules   7 another run holds the lock
  8 the state directory is unusable   130/143 interrupted, run it again to resume`;

type Declare = (program: Command, surroundings: Surroundings, exit: SetExitCode) => void;

/** In the order in which help shows them. */
const COMMANDS: ReadonlyMap<string, Declare> = new Map([
  ['check', declareCheck],
  ['explain', declareExplain],
  ['import', declareImport],
  ['scan', declareScan],
  ['migrate', declareMigrate],
  ['sync', declareSync],
  ['prefetch', declarePrefetch],
  ['serve', declareServe],
  ['verify', declareVerify],
  ['retry', declareRetry],
  ['status', declareStatus],
  ['report', declareReport],
  ['cleanup', declareCleanup],
  ['demo', declareDemo],
]);

/**
 * Declares the command line. Each action imports its command only when it is called.
 * @param first the first word of the command line: where it is a command, the others need no
 * declaring, which takes a while.
 */
export function buildProgram(
  surroundings: Surroundings,
  setExitCode: SetExitCode,
  first?: string,
): Command {
  const program = new Command('bucketfill')
    .description('Fills a bucket from its origin.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => surroundings.stdout.write(text),
      writeErr: (text) => surroundings.stderr.write(text),
      outputError: (text, write) => {
        write(
          `bucketfill: ${text
            .replace(/^error: /, '')
            .trim()
            .replaceAll('\n', ' ')}\n`,
        );
      },
    });
  const only = first === undefined ? undefined : COMMANDS.get(first);
  for (const declare of only === undefined ? COMMANDS.values() : [only]) {
    declare(program, surroundings, setExitCode);
  }
  return program;
}

function declareCheck(program: Command, surroundings: Surroundings, exit: SetExitCode): void {
  program
    .command('check <rules>')
    .description('validates and lints a rules file; tells every problem at once')
    .option('--strict', 'warnings are errors')
    .option('--strict-disjoint', 'rules that overlap are an error')
    .option('--json', 'the problems as a JSON array on stdout')
    .addHelpText(
      'after',
      `
Examples:
  bucketfill check rules.yaml
  bucketfill check rules.yaml --strict --json

Exit codes:
  0 valid   2 invalid, or not to be read`,
    )
    .action(
      async (file: string, options: { strict?: true; strictDisjoint?: true; json?: true }) => {
        const { check } = await import('./commands/check.ts');
        exit(await check(file, options, surroundings));
      },
    );
}

function declareExplain(program: Command, surroundings: Surroundings, exit: SetExitCode): void {
  program
    .command('explain <rules> <keys...>')
    .description('tells, offline, what each key would come to: rule, origin URLs, stored key')
    .option('--method <method>', 'of the request that is explained', 'GET')
    .option(
      '--header <line>',
      "a header that the client sends, 'name: value'; may be repeated",
      append,
    )
    .option('--query <query>', 'the query that the client sends')
    .option('--table', 'a line for each key')
    .option('--json', 'as a JSON array on stdout')
    .addHelpText(
      'after',
      `
The bucket is taken to lack the keys.

Examples:
  bucketfill explain rules.yaml video/a.mp4
  bucketfill explain rules.yaml a.txt --method HEAD --header 'host: cdn.example.com' --query v=1
  bucketfill explain rules.yaml a.txt b.txt --table
  bucketfill explain rules.yaml a.txt b.txt --json

Exit codes:
  0 explained   2 rules or keys invalid`,
    )
    .action(async (file: string, keys: string[], options: ExplainOptions) => {
      const { explain } = await import('./commands/explain.ts');
      exit(await explain(file, keys, options, surroundings));
    });
}

function append(line: string, before: readonly string[] = []): readonly string[] {
  return [...before, line];
}

function declareImport(program: Command, surroundings: Surroundings, exit: SetExitCode): void {
  program
    .command('import <vendor> <file>')
    .description("makes a rules file of a vendor's back-to-origin configuration; - is stdin")
    .option('-o, --output <file>', 'where the rules go (stdout)')
    .option('--bucket <url>', 'what becomes bucket.url (file:./bucket, as a placeholder)')
    .addHelpText(
      'after',
      `
Vendors: qingstor, obs, oss, qiniu, bos, cos, tos, sippy, s3-website.
Every field that is dropped or doubtful is a warning on stderr, and a comment in the rules.
Secrets become { env: NAME }; the warnings say which variables to set.

Examples:
  bucketfill import obs mirrorBackToSource.json -o rules.yaml
  bucketfill import oss website.xml --bucket s3://media -o rules.yaml
  aws s3api get-bucket-website --bucket b | bucketfill import s3-website - > rules.yaml

Exit codes:
  0 imported   2 not to be read, contradicts itself, or asks for what has no counterpart`,
    )
    .action(async (vendor: string, file: string, options: ImportOptions) => {
      const { importVendor } = await import('./commands/import.ts');
      exit(await importVendor(vendor, file, options, surroundings));
    });
}

function declareMigrate(program: Command, surroundings: Surroundings, exit: SetExitCode): void {
  const command = program
    .command('migrate <rules>')
    .description('copies what the bucket lacks; resumes by itself after any interruption')
    .addOption(env('--keys <file>', 'KEYS', 'key list, one key a line, .gz too; - is stdin'))
    .addOption(keysFormatOption())
    .addOption(env('--manifest <file>', 'MANIFEST', 'what scan has written; - is stdin'))
    .addOption(toggle('--ignore-robots', 'a scan asks for no robots.txt: the sites are yours'))
    .addOption(env('--job <name>', 'JOB', 'name of the job in the state'))
    .addOption(toggle('--new-job', "set the job's old state aside and start afresh"))
    .addOption(toggle('--wait', 'wait for another run of this job to end'))
    .addOption(resultsOption())
    .addOption(overwriteOption('never'))
    .addOption(toggle('--dry-run', 'say what would be copied, copy nothing'));
  addFilterOptions(command);
  addRunOptions(command);
  command
    .addHelpText(
      'after',
      `
Without --keys or --manifest the origins are scanned, and what is found is copied meanwhile.
${FILTER_HELP}

Examples:
  bucketfill migrate rules.yaml
  bucketfill migrate rules.yaml --manifest manifest.jsonl
  bucketfill migrate rules.yaml --keys keys.txt
  bucketfill migrate rules.yaml --prefix video/ --include '**/*.mp4' --exclude '**/draft-*'
  zcat keys.gz | bucketfill migrate rules.yaml --keys - --json > events.jsonl
  bucketfill migrate rules.yaml --keys keys.txt --dry-run
  bucketfill migrate rules.yaml --keys objects.csv.gz
  bucketfill migrate rules.yaml --keys inventory/manifest.json --keys-format s3-inventory
${RUN_EXIT_CODES}`,
    )
    .action(async (file: string, options: MigrateOptions) => {
      const { migrate } = await import('./commands/migrate.ts');
      const switches = [...SWITCHES, 'ignoreRobots'];
      exit(await migrate(file, withSwitches(options, switches, surroundings), surroundings));
    });
}

function declarePrefetch(program: Command, surroundings: Surroundings, exit: SetExitCode): void {
  const command = program
    .command('prefetch <rules> <keys...>')
    .description('fetches the named keys now and overwrites what is there')
    .addOption(overwriteOption('always'))
    .addOption(toggle('--dry-run', 'say what would be copied, copy nothing'));
  addFilterOptions(command);
  addRunOptions(command);
  command
    .addHelpText(
      'after',
      `
A fetch that fails leaves the old object as it is.
${FILTER_HELP}

Examples:
  bucketfill prefetch rules.yaml img/logo.png img/hero.jpg
${RUN_EXIT_CODES}`,
    )
    .action(async (file: string, keys: string[], options: PrefetchOptions) => {
      const { prefetch } = await import('./commands/prefetch.ts');
      exit(await prefetch(file, keys, withSwitches(options, SWITCHES, surroundings), surroundings));
    });
}

function declareCleanup(program: Command, surroundings: Surroundings, exit: SetExitCode): void {
  const command = program
    .command('cleanup <rules>')
    .description("aborts this tool's own stale multipart uploads, removes states set aside")
    .addOption(stateOption())
    .addOption(
      env('--max-age <duration>', 'MAX_AGE', 'younger uploads and states are left alone')
        .default(maxAge('24h'), '24h')
        .argParser(maxAge),
    )
    .addOption(toggle('--json', 'the totals as a JSON object on stdout'));
  addLogOptions(command);
  command
    .addHelpText(
      'after',
      `
Only uploads that a job wrote down are aborted, never those of anybody else; an interrupted job
whose uploads were aborted begins those objects again.

Examples:
  bucketfill cleanup rules.yaml
  bucketfill cleanup rules.yaml --max-age 0s --json

Exit codes:
  0 complete   2 usage or rules invalid   3 the bucket would not abort some uploads
  5 the bucket is unusable   8 the state directory is unusable`,
    )
    .action(async (file: string, options: CleanupOptions) => {
      const { cleanup } = await import('./commands/cleanup.ts');
      exit(await cleanup(file, withSwitches(options, SWITCHES, surroundings), surroundings));
    });
}

function declareDemo(program: Command, surroundings: Surroundings, exit: SetExitCode): void {
  program
    .command('demo')
    .description('fills a directory bucket from a bundled, misbehaving origin; needs nothing')
    .addHelpText(
      'after',
      '\nExample:\n  bucketfill demo\n\nExit codes:\n  0 everything arrived   1 something did not',
    )
    .action(async () => {
      const { demo } = await import('./commands/demo.ts');
      exit(await demo(surroundings));
    });
}

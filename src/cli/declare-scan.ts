import { type Command, InvalidArgumentError } from 'commander';
import type { ScanCommandOptions } from './commands/scan.ts';
import { addFilterOptions, FILTER_HELP } from './filter-options.ts';
import { addLogOptions, env, stateOption, SWITCHES, toggle } from './flags.ts';
import { requestsPerSecond } from './rate-options.ts';
import type { Surroundings } from './surroundings.ts';
import { withSwitches } from './switches.ts';

/** Declares `scan`. */
export function declareScan(
  program: Command,
  surroundings: Surroundings,
  exit: (code: number) => void,
): void {
  const command = program
    .command('scan <rules>')
    .description('walks the origins and writes what they hold as a manifest (JSON Lines)')
    .addOption(
      env('-o, --output <file>', 'OUTPUT', 'where the manifest goes; - is stdout').default('-'),
    )
    .addOption(stateOption())
    .addOption(env('--job <name>', 'JOB', 'name of the job in the state'))
    .addOption(toggle('--new-job', "set the job's old state aside and start afresh"))
    .addOption(toggle('--wait', 'wait for another run of this job to end'))
    .addOption(
      env('--concurrency <n>', 'CONCURRENCY', 'pages at once').default('auto').argParser(pages),
    )
    .addOption(
      env(
        '--requests-per-second <n>',
        'REQUESTS_PER_SECOND',
        'most that all origins are asked',
      ).argParser(requestsPerSecond),
    )
    .addOption(toggle('--ignore-robots', 'do not ask for robots.txt: the sites are yours'))
    .addOption(toggle('--json', 'events as JSON Lines on stdout; needs -o FILE'))
    .addOption(toggle('--allow-private', 'origins on private and loopback addresses are fine'));
  addFilterOptions(command);
  addLogOptions(command);
  command
    .addHelpText(
      'after',
      `
Walks what scan: in the rules names, else the index pages of each rule's first master. Each link
of a page ends as a key, as a further page, or is passed over with a reason that is counted.
An interrupted scan goes on where it stood; a finished one starts afresh.
${FILTER_HELP}

Examples:
  bucketfill scan rules.yaml -o manifest.jsonl
  bucketfill scan rules.yaml | wc -l
  bucketfill scan rules.yaml --prefix video/ --include '**/*.mp4' -o video.jsonl
  bucketfill scan rules.yaml -o manifest.jsonl --json > events.jsonl

Exit codes:
  0 complete   1 internal bug   2 usage or rules invalid
  3 some pages could not be listed: keys below them are missing
  5 an origin is unusable at its start   6 the state holds this job with other rules
  7 another run holds the lock   8 the state directory is unusable
  130/143 interrupted, run it again to resume`,
    )
    .action(async (file: string, options: ScanCommandOptions) => {
      const { scanCommand } = await import('./commands/scan.ts');
      const switches = [...SWITCHES, 'ignoreRobots'];
      exit(await scanCommand(file, withSwitches(options, switches, surroundings), surroundings));
    });
}

function pages(text: string): number | 'auto' {
  if (text === 'auto') return text;
  const most = 1000;
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= most) return count;
  throw new InvalidArgumentError(`It is auto, or a number from 1 to ${most}.`);
}

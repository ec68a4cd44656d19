import { type Command, InvalidArgumentError } from 'commander';
import { DEFAULT_MAX_DELETE, type MaxDelete } from '../plan/max-delete.ts';
import { parseDuration } from '../rules/units.ts';
import type { SyncOptions } from './commands/sync.ts';
import { addFilterOptions, FILTER_HELP } from './filter-options.ts';
import { addRunOptions, env, overwriteOption, resultsOption, SWITCHES, toggle } from './flags.ts';
import type { Surroundings } from './surroundings.ts';
import { withSwitches } from './switches.ts';

/** Declares `sync`. */
export function declareSync(
  program: Command,
  surroundings: Surroundings,
  exit: (code: number) => void,
): void {
  const command = program
    .command('sync <rules>')
    .description('one incremental scan: copies what is new or changed since the last one')
    .addOption(toggle('--delete', 'delete what the origin has no more and a sync has copied'))
    .addOption(
      env('--max-delete <most>', 'MAX_DELETE', 'more to delete than that: none is; N or N%')
        .default(DEFAULT_MAX_DELETE, '10%')
        .argParser(maxDelete),
    )
    .addOption(toggle('--checksum', 'trust no listing: compare the bytes of every object'))
    .addOption(
      env(
        '--max-duration <duration>',
        'MAX_DURATION',
        'stop cleanly after that, as 50m; the next sync goes on',
      ).argParser(maxDuration),
    )
    .addOption(toggle('--ignore-robots', 'do not ask for robots.txt: the sites are yours'))
    .addOption(env('--job <name>', 'JOB', 'name of the job in the state'))
    .addOption(toggle('--new-job', "set the job's old state aside and start afresh"))
    .addOption(toggle('--wait', 'wait for another run of this job to end'))
    .addOption(resultsOption())
    .addOption(overwriteOption('changed'))
    .addOption(toggle('--dry-run', 'say what would be copied and deleted, change nothing'));
  addFilterOptions(command);
  addRunOptions(command);
  command
    .addHelpText(
      'after',
      `
Compares what the origins list with what they listed at the last sync and with what the bucket
lists. Only what differs is asked for, so that a sync of an unchanged origin costs listings alone.
Without anything to compare with (the first sync, a lost state) each object is looked at by HEAD.
An object is deleted only where everything could be listed, the origin itself says that it has
none, and the bucket still has just what a sync has stored.
${FILTER_HELP}
Keys that are left out stay as they are: they are neither copied nor deleted, and the next sync that
is about them compares with what the last such sync left.

Examples:
  bucketfill sync rules.yaml
  bucketfill sync rules.yaml --dry-run --delete
  bucketfill sync rules.yaml --delete --max-delete 5%
  bucketfill sync rules.yaml --job today --prefix 2026/11/ --exclude '**/*.tmp'
  0 * * * *  bucketfill sync /etc/media.yaml --quiet --max-duration 50m

Exit codes:
  0 complete   1 internal bug   2 usage or rules invalid
  3 some objects failed, some pages could not be listed, or deletes were refused
  5 the bucket, or every origin of a rule, is unusable
  6 the state holds this job with other rules   7 another run holds the lock
  8 the state directory is unusable   130/143 interrupted (143 also by --max-duration)`,
    )
    .action(async (file: string, options: SyncOptions) => {
      const { sync } = await import('./commands/sync.ts');
      const switches = [...SWITCHES, 'ignoreRobots', 'delete', 'checksum'];
      exit(await sync(file, withSwitches(options, switches, surroundings), surroundings));
    });
}

function maxDelete(text: string): MaxDelete {
  const [, number, percent] = /^(\d{1,12}(?:\.\d{1,4})?)(%?)$/.exec(text) ?? [];
  if (percent === '%' && Number(number) <= 100) return { kind: 'share', percent: Number(number) };
  if (percent === '' && Number.isInteger(Number(number))) {
    return { kind: 'count', count: Number(number) };
  }
  throw new InvalidArgumentError('It is a number of objects, or a share such as 10%.');
}

function maxDuration(text: string): number {
  const duration = parseDuration(text);
  if ('value' in duration && duration.value > 0) return duration.value;
  const why = 'problem' in duration ? duration.problem : 'it is 0';
  throw new InvalidArgumentError(`It is a duration, such as 50m: ${why}.`);
}

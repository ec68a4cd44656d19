import { type Command, InvalidArgumentError, Option } from 'commander';
import { bandwidth, requestsPerSecond } from './rate-options.ts';
import { KEYS_FORMATS } from '../scan/keys-format.ts';
import { sizeOfMemory } from './run-options.ts';
import { variableName } from './switches.ts';

/** The flags of every command that runs the engine. */
export function addRunOptions(command: Command): void {
  command
    .addOption(stateOption())
    .addOption(
      env('--concurrency <n>', 'CONCURRENCY', 'objects at once')
        .default('auto')
        .argParser(concurrency),
    )
    .addOption(
      env('--workers <n>', 'WORKERS', 'threads that copy; within the same limits, all together')
        .default(1)
        .argParser(workers),
    )
    .addOption(
      env(
        '--bandwidth <rate>',
        'BANDWIDTH',
        'most that is read from all origins, as 50MiB/s',
      ).argParser(bandwidth),
    )
    .addOption(
      env(
        '--requests-per-second <n>',
        'REQUESTS_PER_SECOND',
        'most that all origins are asked',
      ).argParser(requestsPerSecond),
    )
    .addOption(
      env('--memory <size>', 'MEMORY', 'bodies in flight, all together')
        .default(sizeOfMemory('256MiB'), '256MiB')
        .argParser(sizeOfMemory),
    )
    .addOption(toggle('--json', 'events as JSON Lines on stdout'))
    .addOption(
      env('--ui <kind>', 'UI', 'progress on stderr')
        .choices(['auto', 'bar', 'plain', 'none'])
        .default('auto'),
    )
    .addOption(toggle('--allow-private', 'origins on private and loopback addresses are fine'));
  addLogOptions(command);
}

/** What is told on stderr. */
export function addLogOptions(command: Command): void {
  command
    .addOption(toggle('--quiet', 'nothing on stderr when all is well'))
    .addOption(
      env('--log-level <level>', 'LOG_LEVEL', 'what else is told on stderr')
        .choices(['error', 'warn', 'info', 'debug'])
        .default('info'),
    )
    .addOption(
      env('--log-format <format>', 'LOG_FORMAT', 'how it is told')
        .choices(['text', 'json'])
        .default('text'),
    );
}

/** Where jobs are kept. */
export function stateOption(): Option {
  return env('--state <dir>', 'STATE', 'where jobs are kept (.bucketfill beside the rules)');
}

/** @param standard what holds where it is not given */
export function overwriteOption(standard: string): Option {
  return env('--overwrite <when>', 'OVERWRITE', 'what to do with objects that are there already')
    .choices(['never', 'changed', 'always'])
    .default(standard);
}

/** Which outcomes the state keeps. */
export function resultsOption(): Option {
  return env('--results <which>', 'RESULTS', 'outcomes that the state keeps a line of')
    .choices(['none', 'failures', 'all'])
    .default('all');
}

/** How a key list is read. */
export function keysFormatOption(): Option {
  const what = "how the key list is written (told by its first line and its name's ending)";
  return env('--keys-format <format>', 'KEYS_FORMAT', what).choices(KEYS_FORMATS);
}

/** Flags of runs that are on or off; in the environment they say `true` or `false`. */
export const SWITCHES = ['newJob', 'wait', 'dryRun', 'json', 'quiet', 'allowPrivate'];

/** A flag that is on or off; `withSwitches` reads it from the environment. */
export function toggle(flag: string, description: string): Option {
  const option = new Option(flag, description);
  option.description += ` (env: ${variableName(option.attributeName())})`;
  return option;
}

/** A flag that may also come from the environment as BUCKETFILL_<NAME>. */
export function env(flags: string, name: string, description: string): Option {
  return new Option(flags, description).env(`BUCKETFILL_${name}`);
}

function workers(text: string): number {
  const most = 64;
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= most) return count;
  throw new InvalidArgumentError(`It is a number of threads from 1 to ${most}.`);
}

function concurrency(text: string): number | 'auto' {
  if (text === 'auto') return text;
  const most = 10_000;
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= most) return count;
  throw new InvalidArgumentError(`It is auto, or a number from 1 to ${most}.`);
}

import type { Command } from 'commander';
import { VERIFY_LEVELS } from '../model/event.ts';
import { addFilterOptions, FILTER_HELP } from './filter-options.ts';
import { addRunOptions, env, keysFormatOption, SWITCHES, toggle } from './flags.ts';
import type { Surroundings } from './surroundings.ts';
import { withSwitches } from './switches.ts';
import { sampleShare, type VerifyCommandOptions } from './verify-options.ts';

/** Declares `verify`. */
export function declareVerify(
  program: Command,
  surroundings: Surroundings,
  exit: (code: number) => void,
): void {
  const command = program
    .command('verify <rules>')
    .description('compares the bucket with its origin, or with a list; changes nothing')
    .addOption(
      env('--level <level>', 'LEVEL', 'what is compared').choices(VERIFY_LEVELS).default('etag'),
    )
    .addOption(
      env('--sample <share>', 'SAMPLE', 'look at a share of the keys, as 5%')
        .default(sampleShare('100%'), '100%')
        .argParser(sampleShare),
    )
    .addOption(env('--seed <text>', 'SEED', 'look at the sample that an earlier run told of'))
    .addOption(env('--keys <file>', 'KEYS', 'key list, one key a line, .gz too; - is stdin'))
    .addOption(keysFormatOption())
    .addOption(env('--manifest <file>', 'MANIFEST', 'what scan has written; - is stdin'))
    .addOption(toggle('--ignore-robots', 'a scan asks for no robots.txt: the sites are yours'));
  addFilterOptions(command);
  addRunOptions(command);
  command
    .addHelpText(
      'after',
      `
Levels, each with what the ones before it compare:
  exists  the bucket lists the key
  size    its size is what the list, the manifest or the scan says, else the origin
  etag    the bucket's object is of the version that the origin names: ETag, Last-Modified or MD5
  full    both bodies are read and their SHA-256 compared

Without --keys or --manifest the origins are scanned. A --keys list says nothing of other keys; a
scan and a manifest do, so what only the bucket has is told as extra.
Nothing is written to bucket or state and no lock is waited for. Temporary files go to TMPDIR.
${FILTER_HELP}
The digest is of the keys that are let through.

Examples:
  bucketfill verify rules.yaml
  bucketfill verify rules.yaml --level full --sample 1%
  bucketfill verify rules.yaml --manifest manifest.jsonl --level size --json > events.jsonl
  bucketfill verify rules.yaml --prefix video/ --exclude '**/*.tmp'
  bucketfill verify rules.yaml --keys keys.txt --level exists --quiet || echo incomplete

Exit codes:
  0 everything is equal   1 internal bug   2 usage or rules invalid
  3 something could not be compared, or some pages could not be listed
  4 something is missing, extra or different
  5 the bucket, or every origin of a rule, is unusable
  8 the temporary files can not be written   130/143 interrupted; the next run begins anew`,
    )
    .action(async (file: string, options: VerifyCommandOptions) => {
      const { verifyCommand } = await import('./commands/verify.ts');
      const switches = [...SWITCHES, 'ignoreRobots'];
      exit(await verifyCommand(file, withSwitches(options, switches, surroundings), surroundings));
    });
}

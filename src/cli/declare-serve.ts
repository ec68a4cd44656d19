import type { Command } from 'commander';
import type { ServeOptions } from './commands/serve.ts';
import { addLogOptions, env, stateOption, SWITCHES, toggle } from './flags.ts';
import { listenAddress } from './listen-address.ts';
import { sizeOfMemory, sizeOfSpool } from './run-options.ts';
import type { Surroundings } from './surroundings.ts';
import { withSwitches } from './switches.ts';

/** Declares `serve`. */
export function declareServe(
  program: Command,
  surroundings: Surroundings,
  exit: (code: number) => void,
): void {
  const command = program
    .command('serve <rules>')
    .description('answers reads from the bucket, and fetches from the origins what it lacks')
    .addOption(
      env('--listen <address>', 'LISTEN', 'where clients are answered')
        .default(listenAddress('127.0.0.1:8080'), '127.0.0.1:8080')
        .argParser(listenAddress),
    )
    .addOption(
      env('--admin <address>', 'ADMIN', 'where the status page and metrics are; or off')
        .default(listenAddress('127.0.0.1:8081'), '127.0.0.1:8081')
        .argParser((text) => (text === 'off' ? text : listenAddress(text))),
    )
    .addOption(
      env(
        '--admin-token-file <file>',
        'ADMIN_TOKEN_FILE',
        'holds what admin calls that change something must bear (or BUCKETFILL_ADMIN_TOKEN)',
      ),
    )
    .addOption(stateOption())
    .addOption(
      env('--memory <size>', 'MEMORY', 'bodies on their way into the bucket, all together')
        .default(sizeOfMemory('256MiB'), '256MiB')
        .argParser(sizeOfMemory),
    )
    .addOption(
      env(
        '--spool <size>',
        'SPOOL',
        'bodies on disk between origin and clients (half of the free)',
      ).argParser(sizeOfSpool),
    )
    .addOption(toggle('--json', 'each answer and each fetch as JSON Lines on stdout'))
    .addOption(toggle('--allow-private', 'origins on private and loopback addresses are fine'));
  addLogOptions(command);
  command
    .addHelpText(
      'after',
      `
SIGTERM and SIGINT: accepts no more, finishes what is under way (30 s at most), exit 0.
SIGHUP: reads the rules anew; rules that can't be used leave those in force.

Examples:
  bucketfill serve rules.yaml
  bucketfill serve rules.yaml --listen 0.0.0.0:8080 --json >> access.jsonl

Exit codes:
  0 drained   1 internal bug   2 usage or rules invalid   5 the bucket is unusable`,
    )
    .action(async (file: string, options: ServeOptions) => {
      const { serve } = await import('./commands/serve.ts');
      exit(await serve(file, withSwitches(options, SWITCHES, surroundings), surroundings));
    });
}

import { type Command, InvalidArgumentError } from 'commander';
import { env } from './flags.ts';

/** The flags that leave keys out. */
export interface FilterOptions {
  readonly rule?: readonly string[];
  readonly prefix?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
}

/** Declares `--rule`, `--prefix`, `--include` and `--exclude`. */
export function addFilterOptions(command: Command): void {
  command
    .addOption(env('--rule <id>', 'RULE', 'only this rule; may be repeated').argParser(oneRule))
    .addOption(
      env('--prefix <prefix>', 'PREFIX', 'only keys that begin so; once').argParser(onlyOnce),
    )
    .addOption(
      env('--include <glob>', 'INCLUDE', 'only keys that match; repeated: any of them').argParser(
        oneMore,
      ),
    )
    .addOption(
      env(
        '--exclude <glob>',
        'EXCLUDE',
        'no keys that match, included or not; may be repeated',
      ).argParser(oneMore),
    );
}

/** Says in a command's help what {@link addFilterOptions} declares. */
export const FILTER_HELP = `
--rule chooses among the rules, --prefix, --include and --exclude among the bucket's keys; all that
are given must let a key through. A glob has to match the whole key, case counts, and keys are no paths: names that begin
with a dot are names like others. * is any text without /, ** as a whole segment any number of
segments (**/*.jpg: at any depth; a/**: all below a/), ? one character, [a-z] and [!a-z] one of a
class, {a,b} either; \\ takes the next character for itself. --prefix is text, no glob, and the only
one that spares listings: only what can hold such keys is listed.`;

function onlyOnce(prefix: string, before: string | undefined): string {
  if (before !== undefined) {
    throw new InvalidArgumentError('It goes once: give --include a/** --include b/** instead.');
  }
  // A variable of a script that is not set must not stand for every key.
  if (prefix === '') throw new InvalidArgumentError('It is empty: leave it out for every key.');
  return prefix;
}

function oneRule(id: string, before: readonly string[] = []): readonly string[] {
  return [...before, id];
}

function oneMore(glob: string, before: readonly string[] = []): readonly string[] {
  if (glob === '') throw new InvalidArgumentError('It is empty, and would match no key.');
  return [...before, glob];
}

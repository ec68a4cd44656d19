import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { FatalError } from '../../model/failure.ts';
import { countText } from '../../report/quantity.ts';
import type { VerifyResult } from '../../verify/verify.ts';
import { Cleanup } from '../cleanup.ts';
import { choiceOf, filterOfRun } from '../filter-of-run.ts';
import { loadRules } from '../load-rules.ts';
import { logTo } from '../log-to.ts';
import { namedList } from '../named-list.ts';
import { stoppable } from '../stop-signals.ts';
import type { Surroundings } from '../surroundings.ts';
import { compareSides, type Verifying } from '../verify-compare.ts';
import { openVerifyEvents } from '../verify-events.ts';
import type { VerifyCommandOptions } from '../verify-options.ts';

/** Bytes of a seed that nobody has named. */
const SEED_BYTES = 4;

/** `bucketfill verify`: compares the bucket with its origin, or with a list; changes nothing. */
export async function verifyCommand(
  rulesFile: string,
  options: VerifyCommandOptions,
  surroundings: Surroundings,
): Promise<number> {
  const rules = await loadRules(rulesFile, surroundings, options.quiet === true);
  const named = namedList(options);
  const log = logTo(surroundings, options);
  const filter = await filterOfRun(options, log);
  const cleanup = new Cleanup();
  return stoppable(surroundings, log, (stop) =>
    cleanup.around(async () => {
      const seed = seedOf(options);
      const choice = choiceOf(options);
      const events = openVerifyEvents(options, surroundings, stop, seed);
      const temp = await temporaryFolder(cleanup);
      const command = { rulesFile, rules, filter, named, options, surroundings, stop, log };
      const verifying = { ...command, choice, seed, events, temp, cleanup };
      const result = await compareSides(verifying);
      if (result.fatal?.kind === 'output-closed') return result.summary.exitCode;
      events.emit(result.summary);
      await events.flush();
      return conclude(result, verifying);
    }),
  );
}

function seedOf({ sample, seed }: VerifyCommandOptions): string | undefined {
  return sample < 1 ? (seed ?? randomBytes(SEED_BYTES).toString('hex')) : undefined;
}

async function temporaryFolder(cleanup: Cleanup): Promise<string> {
  try {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-verify-'));
    cleanup.add(() => rm(folder, { recursive: true, force: true }));
    return folder;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const line = `no temporary folder can be made (${why}): set TMPDIR to one that can be written`;
    throw new FatalError('state-unusable', line, error);
  }
}

/**
 * The exit code of a comparison, with a word where its counts alone don't tell.
 * @throws FatalError that ended it.
 */
function conclude(
  { summary, fatal, unjudged }: VerifyResult,
  { log, stop, named }: Verifying,
): number {
  if (fatal !== undefined) throw fatal;
  if (unjudged > 0) {
    const which = `${countText(unjudged)} keys that only the bucket has`;
    log.warn(`${which} lie below what could not be listed: nobody knows whether they are extra`);
  }
  if (stop.drain.aborted) log.info('verify keeps no state: the next run begins anew');
  else if (summary.listed === 0) {
    const from = named === undefined ? 'neither scan nor bucket has' : 'the list names';
    log.info(`verify: ${from} no key to look at`);
  }
  return summary.exitCode;
}

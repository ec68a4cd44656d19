import { FatalError } from '../model/failure.ts';
import type { Log } from '../report/log.ts';
import type { JobStatus } from './jobs-of-rules.ts';

/**
 * The job that a report is of: the only one, or the one that changed last, which is then said. A
 * scan by itself has no outcomes, so it is reported only where it was asked for by name.
 * @param asked the name that was asked for
 * @throws FatalError `usage` where there is none.
 */
export function reportJob(
  jobs: readonly JobStatus[],
  asked: string | undefined,
  stateDir: string,
  log: Pick<Log, 'info'>,
): JobStatus {
  const eligible = asked === undefined ? jobs.filter(({ command }) => command !== 'scan') : jobs;
  const [latest, ...others] = eligible.toSorted((one, other) =>
    one.changed < other.changed ? 1 : -1,
  );
  if (latest === undefined) {
    const which = asked === undefined ? 'no job of these rules' : `no job ${JSON.stringify(asked)}`;
    const why = `there is ${which} in ${stateDir}: run migrate first, or name the state with --state`;
    throw new FatalError('usage', why);
  }
  if (others.length > 0) {
    const names = others.map(({ job }) => job).join(', ');
    log.info(
      `the report is of job ${latest.job}, which changed last; --job takes others: ${names}`,
    );
  }
  return latest;
}

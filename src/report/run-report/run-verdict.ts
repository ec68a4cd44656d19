import type { SummaryEvent, Tally } from '../../model/event.ts';
import { countText } from '../quantity.ts';

/** How a job stands, as its state says. */
export interface JobStanding extends Tally {
  readonly state: 'running' | 'interrupted' | 'complete';
  /** Keys that were taken up and not yet examined. */
  readonly openEntries: number;
}

/** What is to be said of a run first. */
export interface Verdict {
  /** `yes`: all is well; `no`: something is wrong; `wait`: it is not over. */
  readonly tone: 'yes' | 'no' | 'wait';
  readonly text: string;
}

/**
 * One sentence about a job and its last run.
 * @param summary what the run told at its end; null where it came to none, or nobody knows
 */
export function runVerdict(job: JobStanding, summary: SummaryEvent | null): Verdict {
  const keys = counted(job.listed, 'key');
  const failed = job.failed > 0 ? [`${countText(job.failed)} failed`] : [];
  const done = [`${keys} done`, ...failed, ...wrongIn(summary)].join(', ');
  switch (job.state) {
    case 'running':
      return { tone: 'wait', text: `still running: ${done} so far` };
    case 'interrupted':
      return { tone: 'no', text: `interrupted: ${done}${openIn(job)}; run it again to resume` };
    case 'complete': {
      const ofAll = job.failed > 0 ? [`${countText(job.failed)} of ${keys} failed`] : [];
      const wrong = [...ofAll, ...wrongIn(summary)];
      if (wrong.length > 0) return { tone: 'no', text: `complete, but ${wrong.join(', and ')}` };
      return job.listed === 0
        ? { tone: 'yes', text: 'complete: there was no key, so there was nothing to do' }
        : { tone: 'yes', text: `complete: ${keys}, and none failed` };
    }
  }
}

/** Beside keys that failed. */
function wrongIn(summary: SummaryEvent | null): readonly string[] {
  const errors = summary?.listingErrors ?? 0;
  const refused = summary?.deletes?.refused;
  return [
    ...(errors > 0 ? [`${counted(errors, 'page')} could not be listed`] : []),
    ...(refused === undefined ? [] : [`nothing was deleted (${refused})`]),
  ];
}

function openIn({ openEntries }: JobStanding): string {
  return openEntries > 0 ? `, ${counted(openEntries, 'key')} begun and not done` : '';
}

function counted(count: number, what: string): string {
  return `${countText(count)} ${what}${count === 1 ? '' : 's'}`;
}

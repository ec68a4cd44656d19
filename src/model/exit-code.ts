import type { FatalKind } from './failure.ts';

/** Exit codes are part of the public contract; the README lists them. */
export const EXIT = {
  complete: 0,
  bug: 1,
  usage: 2,
  someFailed: 3,
  verifyDiffers: 4,
  unusable: 5,
  jobDiffers: 6,
  jobLocked: 7,
  stateUnusable: 8,
  sigint: 130,
  sigterm: 143,
} as const;

export type Interruption = 'SIGINT' | 'SIGTERM';

/** Which signal drained a run; the reason of its AbortSignal is the signal's name. */
export function interruptionOf(drain: AbortSignal): Interruption {
  return drain.reason === 'SIGTERM' ? 'SIGTERM' : 'SIGINT';
}

/** How a run ended, beside what became of its objects. */
export type Ending =
  | { readonly kind: 'finished' }
  | { readonly kind: 'interrupted'; readonly by: Interruption }
  | { readonly kind: 'fatal'; readonly fatal: FatalKind };

/** The one place that gives what ends a run its exit code. */
export function fatalExitCode(kind: FatalKind): number {
  switch (kind) {
    case 'usage':
      return EXIT.usage;
    case 'bucket-unusable':
    case 'origins-unusable':
      return EXIT.unusable;
    case 'job-differs':
      return EXIT.jobDiffers;
    case 'job-locked':
      return EXIT.jobLocked;
    case 'state-unusable':
      return EXIT.stateUnusable;
    case 'output-closed':
      return EXIT.sigint;
  }
}

/**
 * The exit code of a run. Failures that earlier runs of the job left count as well: the job is not
 * complete while they stand.
 */
export function runExitCode(ending: Ending, failed: number, bugs: number): number {
  switch (ending.kind) {
    case 'fatal':
      return fatalExitCode(ending.fatal);
    case 'interrupted':
      return ending.by === 'SIGINT' ? EXIT.sigint : EXIT.sigterm;
    case 'finished':
      if (bugs > 0) return EXIT.bug;
      return failed > 0 ? EXIT.someFailed : EXIT.complete;
  }
}

import type { Fingerprint, JobRecord, JobTotals, SegmentRecord } from '../model/checkpoint.ts';
import type { UploadRecord } from '../model/upload-journal.ts';
import type { Taking } from './take-job.ts';

/** What a job's thread is asked to change; changes that wait at the same time share a transaction. */
export type StoreWrite =
  | {
      readonly op: 'commit';
      readonly segments: readonly SegmentRecord[];
      /** Results as JSON Lines; '' for none. */
      readonly lines: string;
      readonly finished: boolean;
    }
  | { readonly op: 'keepUpload'; readonly key: string; readonly sealed: string }
  | { readonly op: 'dropUpload'; readonly key: string };

/** What it is asked beside that. */
export type StoreQuestion =
  | { readonly op: 'take'; readonly taking: Taking }
  | { readonly op: 'open'; readonly file: string; readonly busyTimeoutMs: number }
  | { readonly op: 'load' }
  | { readonly op: 'begin'; readonly fingerprint: Fingerprint }
  | { readonly op: 'totals' }
  | { readonly op: 'openSegments' }
  | { readonly op: 'failedSegments'; readonly after: number }
  | { readonly op: 'reopen' }
  | { readonly op: 'isReopened' }
  | { readonly op: 'uploads' }
  | { readonly op: 'close' };

/** What it answers. */
export type StoreReply =
  | { readonly op: 'open' | 'begin' | 'close' | StoreWrite['op'] }
  | { readonly op: 'take'; readonly isTaken: boolean }
  | { readonly op: 'load'; readonly record: JobRecord | undefined }
  | { readonly op: 'totals'; readonly totals: JobTotals }
  | { readonly op: 'openSegments'; readonly segments: readonly SegmentRecord[] }
  | { readonly op: 'failedSegments'; readonly segments: readonly SegmentRecord[] }
  | { readonly op: 'reopen'; readonly entries: number }
  | { readonly op: 'isReopened'; readonly isReopened: boolean }
  | { readonly op: 'uploads'; readonly uploads: readonly UploadRecord[] };

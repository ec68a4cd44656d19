/**
 * What the checkpoint's adapter and its worker thread say to each other. Every request is answered
 * by exactly one reply with the request's number; requests are carried out in the order in which
 * they were posted.
 */
import type { FatalKind } from '../model/failure.ts';
import type { UploadRecord } from '../model/upload-journal.ts';
import type { Fingerprint, JobRecord, JobTotals, SegmentRecord } from '../model/checkpoint.ts';

/** What the thread is asked to change; changes that wait at the same time share a transaction. */
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
  | { readonly op: 'open'; readonly file: string; readonly busyTimeoutMs: number }
  | { readonly op: 'load' }
  | { readonly op: 'begin'; readonly fingerprint: Fingerprint }
  | { readonly op: 'totals' }
  | { readonly op: 'openSegments' }
  | { readonly op: 'uploads' }
  | { readonly op: 'close' };

export type StoreRequest = StoreQuestion | StoreWrite;

/** What it answers. */
export type StoreReply =
  | { readonly op: 'open' | 'begin' | 'close' | StoreWrite['op'] }
  | { readonly op: 'load'; readonly record: JobRecord | undefined }
  | { readonly op: 'totals'; readonly totals: JobTotals }
  | { readonly op: 'openSegments'; readonly segments: readonly SegmentRecord[] }
  | { readonly op: 'uploads'; readonly uploads: readonly UploadRecord[] }
  | {
      readonly op: 'failed';
      readonly message: string;
      /** Absent where the error is a bug of this program. */
      readonly kind: FatalKind | undefined;
      /** The text of the error's cause, or its stack where it is a bug. */
      readonly detail: string;
    };

export interface RequestMessage {
  readonly number: number;
  readonly request: StoreRequest;
}

export interface ReplyMessage {
  readonly number: number;
  readonly reply: StoreReply;
}

/** Whether `reply` answers the operation `op`. */
export function isReplyTo<Op extends StoreReply['op']>(
  reply: StoreReply,
  op: Op,
): reply is Extract<StoreReply, { op: Op }> {
  return reply.op === op;
}

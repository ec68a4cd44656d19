/**
 * What the checkpoint's adapter and its worker thread say to each other. Every request is answered
 * by exactly one reply with the request's number; requests are carried out in the order in which
 * they were posted.
 */
import type { FatalKind } from '../model/failure.ts';
import type { Fingerprint, JobRecord, JobTotals, SegmentRecord } from '../model/checkpoint.ts';

/** One durable change: segments that replace those with their ids, and whether the job is done. */
export interface SegmentCommit {
  readonly segments: readonly SegmentRecord[];
  readonly finished: boolean;
}

/** What the thread is asked to do. */
export type StoreRequest =
  | { readonly op: 'open'; readonly file: string; readonly busyTimeoutMs: number }
  | { readonly op: 'load' }
  | { readonly op: 'begin'; readonly fingerprint: Fingerprint }
  | { readonly op: 'totals' }
  | { readonly op: 'openSegments' }
  | ({ readonly op: 'commit' } & SegmentCommit)
  | { readonly op: 'close' };

/** What it answers. */
export type StoreReply =
  | { readonly op: 'open' }
  | { readonly op: 'load'; readonly record: JobRecord | undefined }
  | { readonly op: 'begin' }
  | { readonly op: 'totals'; readonly totals: JobTotals }
  | { readonly op: 'openSegments'; readonly segments: readonly SegmentRecord[] }
  | { readonly op: 'commit' }
  | { readonly op: 'close' }
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

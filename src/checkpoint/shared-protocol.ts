import type { ClaimAnswer, ClaimHolder } from '../model/claims.ts';
import type { GaugeBatch, GaugeRecord } from '../model/gauge-store.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { UploadRecord } from '../model/upload-journal.ts';
import type { RuleVendor, VendorDocument } from '../model/vendor-documents.ts';

/** A pending fill as it passes to the thread and back. */
export interface SealedFill {
  readonly key: string;
  /** Text that only the adapter reads. */
  readonly sealed: string;
}

/** Whose an upload is; undefined for this process. */
export type UploadOwner = string | undefined;

/** A key that another process holds. */
export type HeldKey = readonly [ObjectKey, ClaimHolder];

/** What the shared store's thread is asked to change; what waits together shares a transaction. */
export type SharedWrite =
  | { readonly op: 'recordFill'; readonly fill: SealedFill }
  | { readonly op: 'fillDone'; readonly key: string }
  | { readonly op: 'takeOverFills' }
  | { readonly op: 'claim'; readonly key: string; readonly claimant: ClaimHolder }
  | { readonly op: 'release'; readonly key: string; readonly owner: string }
  | { readonly op: 'addToGauge'; readonly batch: GaugeBatch }
  | { readonly op: 'keepUpload'; readonly owner: UploadOwner; readonly record: UploadRecord }
  | { readonly op: 'dropUpload'; readonly owner: UploadOwner; readonly key: string }
  | { readonly op: 'putVendorDocument'; readonly document: VendorDocument }
  | { readonly op: 'removeVendorDocument'; readonly vendor: RuleVendor };

/** What it is asked beside that. */
export type SharedQuestion =
  | { readonly op: 'open'; readonly directory: string; readonly busyTimeoutMs: number }
  | { readonly op: 'fills' }
  | { readonly op: 'held'; readonly key: string }
  | { readonly op: 'heldByOthers' }
  | { readonly op: 'gauge' }
  | { readonly op: 'uploads'; readonly owner: UploadOwner }
  | { readonly op: 'deadUploaders' }
  | { readonly op: 'vendorDocuments' }
  | { readonly op: 'close' };

/** What it answers to a change. */
export type SharedWritten =
  | {
      readonly op:
        'recordFill' | 'fillDone' | 'release' | 'addToGauge' | 'keepUpload' | 'dropUpload';
    }
  | { readonly op: 'putVendorDocument' | 'removeVendorDocument' }
  | { readonly op: 'takeOverFills'; readonly fills: readonly SealedFill[] }
  | { readonly op: 'claim'; readonly answer: ClaimAnswer };

/** What it answers. */
export type SharedReply =
  | SharedWritten
  | { readonly op: 'open' | 'close' }
  | { readonly op: 'fills'; readonly fills: readonly SealedFill[] }
  | { readonly op: 'held'; readonly holder: ClaimHolder | undefined }
  | { readonly op: 'heldByOthers'; readonly held: readonly HeldKey[] }
  | { readonly op: 'gauge'; readonly record: GaugeRecord }
  | { readonly op: 'uploads'; readonly uploads: readonly UploadRecord[] }
  | { readonly op: 'deadUploaders'; readonly owners: readonly string[] }
  | { readonly op: 'vendorDocuments'; readonly documents: readonly VendorDocument[] };

import type { StoredResult } from '../../model/checkpoint.ts';

/** A report of a line an outcome. */
export interface LineFormat {
  /** Comes first, its line end included; '' where there is none. */
  readonly head: string;
  /** One outcome, its line end included. */
  readonly line: (result: StoredResult) => string;
}

/** What a report of lines has to know beside the outcomes. */
export interface LineSubject {
  readonly job: string;
  readonly bucket:
    | { readonly kind: 's3'; readonly name: string }
    | { readonly kind: 'file'; readonly name: string };
  /** What comes before each key in the bucket. */
  readonly prefix: string;
}

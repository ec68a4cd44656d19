import type { ServeStatus } from '../../model/serve-status.ts';
import type { AdminAnswer, AdminRequest } from './admin-answer.ts';
import type { VendorRules } from './vendor-calls.ts';

/** What is asked of `/api/explain`. */
export interface ExplainQuery {
  readonly key: string;
  /** Upper-case. */
  readonly method: string;
  /** Without `?`. */
  readonly query: string;
  /** In their order; names as they were given. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** A page and what it may load, as a Content-Security-Policy. */
export interface AdminPage {
  readonly html: string;
  readonly policy: string;
}

export type Reloaded =
  | { readonly ok: true; readonly rules: number }
  /** The rules that were in force stay. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** What the admin port shows and does. */
export interface AdminView {
  /** The reason is a line for people. */
  ready(): { readonly ready: boolean; readonly reason?: string | undefined };
  metrics(): Promise<{ readonly type: string; readonly text: string }>;
  status(): Promise<ServeStatus>;
  /** Anything that JSON can say. */
  explain(query: ExplainQuery): unknown;
  /**
   * Forgets what is remembered as absent of the keys that begin so.
   * @returns how many
   */
  flush(prefix: string): number;
  reload(): Promise<Reloaded>;
  /** `live`: only the parts that change, which a whole page takes over. */
  page(status: ServeStatus, part: 'whole' | 'live'): AdminPage;
  /** What the vendors' own calls act on. */
  readonly vendorRules: VendorRules;
  /** Answers what is asked below `/prefetch/`, and checks by itself who may; absent: 404. */
  readonly prefetch?: (request: AdminRequest) => Promise<AdminAnswer>;
}

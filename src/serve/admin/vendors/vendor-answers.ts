/**
 * Why a call is refused:
 *
 * - `denied`: it does not bear the token
 * - `method`: nobody can ask this
 * - `digest`: the body is not the one that Content-MD5 declares
 * - `malformed`: the document can't be read
 * - `invalid`: the document is beyond the vendor's limits, or contradicts itself
 * - `absent`: there is no document
 */
export type CallProblem = 'denied' | 'method' | 'digest' | 'malformed' | 'invalid' | 'absent';

/** An error as the client is told of it. */
export interface CallError {
  /** As the vendor names it. */
  readonly code: string;
  /** One line, for people. */
  readonly message: string;
  /** A UUID. */
  readonly requestId: string;
  /** Of the request, as it came. */
  readonly host: string;
}

/** How one vendor's answers look. */
export interface VendorAnswers {
  /** Statuses of a PUT that is taken. */
  readonly put: { readonly stored: number; readonly identical: number };
  /** Content-Type of the document. */
  readonly documentType: string;
  /** Content-Type of errors. */
  readonly errorType: string;
  readonly problems: Readonly<
    Record<CallProblem, { readonly status: number; readonly code: string }>
  >;
  errorBody(error: CallError): string;
  /** Headers of every answer; lower-case names. */
  headers(requestId: string): Readonly<Record<string, string>>;
}

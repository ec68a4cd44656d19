import type { FailureCode } from '../model/failure.ts';

/** What becomes of one key; the outcomes of `VerifyOutcome`, and what the digest needs of equals. */
export type Verdict =
  | {
      readonly outcome: 'equal';
      /** Of the body; undefined where the level does not ask. */
      readonly bytes: number | undefined;
      /** Of the body, hex; undefined below level full. */
      readonly sha256: string | undefined;
    }
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'extra' }
  | { readonly outcome: 'different'; readonly message: string }
  | {
      readonly outcome: 'unverifiable';
      readonly code?: FailureCode | undefined;
      readonly status?: number | undefined;
      readonly message: string;
    };

/** One line of why, for people. */
export function different(message: string): Verdict {
  return { outcome: 'different', message };
}

/** What an operator is told of a key that was listed and that the origin does not give. */
export const GONE = different('the origin no longer has it');

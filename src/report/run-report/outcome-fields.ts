import type { StoredResult } from '../../model/checkpoint.ts';
import type { FailureCode } from '../../model/failure.ts';

/** What any outcome may tell; undefined is what this one doesn't. */
export interface OutcomeFields {
  readonly outcome: StoredResult['outcome'];
  readonly rule: string | null;
  readonly bytes: number | undefined;
  readonly origin: string | undefined;
  readonly attempts: number | undefined;
  readonly etag: string | undefined;
  readonly lengthVerified: boolean | undefined;
  readonly reason: string | undefined;
  readonly code: FailureCode | undefined;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly elapsedMs: number | undefined;
  readonly message: string | undefined;
}

const NOTHING = {
  bytes: undefined,
  origin: undefined,
  attempts: undefined,
  etag: undefined,
  lengthVerified: undefined,
  reason: undefined,
  code: undefined,
  status: undefined,
  requestId: undefined,
  elapsedMs: undefined,
  message: undefined,
};

/** An outcome in columns: every kind of outcome has its own. */
export function outcomeFields(result: StoredResult): OutcomeFields {
  const { outcome, rule } = result;
  switch (result.outcome) {
    case 'copied': {
      const { bytes, origin, attempts, etag, lengthVerified, elapsedMs } = result;
      const told = { bytes, origin, attempts, etag, lengthVerified, elapsedMs };
      return { ...NOTHING, ...told, outcome, rule };
    }
    case 'failed': {
      const { code, status, origin, message, attempts, requestId, elapsedMs } = result;
      const told = { code, status, origin, message, attempts, requestId, elapsedMs };
      return { ...NOTHING, ...told, outcome, rule };
    }
    case 'skipped':
      return { ...NOTHING, outcome, rule, reason: result.reason };
    case 'planned':
    case 'deleted':
      return { ...NOTHING, outcome, rule };
  }
}

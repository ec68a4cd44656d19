import type { StoredResult } from '../../model/checkpoint.ts';
import type { FailureCode } from '../../model/failure.ts';
import {
  FAILURE_CLASSES,
  failureAdvice,
  failureClass,
  type FailureClass,
} from './failure-class.ts';
import { keyText } from './key-text.ts';

/** So many failures of a code are shown; all are counted. */
const MOST_EXAMPLES = 20;

/** One failure, for people. */
export interface FailureExample {
  readonly key: string;
  readonly rule: string | null;
  readonly origin: string | undefined;
  readonly status: number | undefined;
  readonly attempts: number;
  readonly requestId: string | undefined;
  readonly message: string;
}

export interface FailuresOfCode {
  readonly code: FailureCode;
  readonly count: number;
  /** The first ones. */
  readonly examples: readonly FailureExample[];
}

export interface FailuresOfClass {
  readonly kind: FailureClass;
  readonly advice: string;
  readonly count: number;
  /** The most frequent first. */
  readonly codes: readonly FailuresOfCode[];
}

type FailedResult = StoredResult & { readonly outcome: 'failed' };

/** Failures by class and code, with some of each. */
export class FailureTally {
  readonly #codes = new Map<FailureCode, { count: number; examples: FailureExample[] }>();

  add(result: FailedResult): void {
    const known = this.#codes.get(result.code) ?? { count: 0, examples: [] };
    known.count += 1;
    if (known.examples.length < MOST_EXAMPLES) known.examples.push(exampleOf(result));
    this.#codes.set(result.code, known);
  }

  /** The most frequent first. */
  get classes(): readonly FailuresOfClass[] {
    const codes = Array.from(this.#codes, ([code, counted]) => ({ code, ...counted })).sort(
      (one, other) => other.count - one.count,
    );
    return FAILURE_CLASSES.map((kind) => {
      const ofClass = codes.filter(({ code }) => failureClass(code) === kind);
      const count = ofClass.reduce((sum, ofCode) => sum + ofCode.count, 0);
      return { kind, advice: failureAdvice(kind), count, codes: ofClass };
    })
      .filter(({ count }) => count > 0)
      .sort((one, other) => other.count - one.count);
  }
}

function exampleOf(result: FailedResult): FailureExample {
  const { rule, origin, status, attempts, requestId, message } = result;
  return { key: keyText(result), rule, origin, status, attempts, requestId, message };
}

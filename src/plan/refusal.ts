import { Failure, type FailureCode } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { OriginHead } from '../model/origin.ts';

/** An answer that may not be stored, on its subject: the key and the address that it came from. */
export function refusal(code: FailureCode, key: ObjectKey, head: OriginHead, why: string): Failure {
  const { origin } = head;
  return new Failure(code, `${key} from ${origin}: ${why}`, { origin });
}

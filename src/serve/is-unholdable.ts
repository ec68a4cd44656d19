import { Failure } from '../model/failure.ts';

/** Whether something failed because no bucket can hold such a key. */
export function isUnholdable(error: unknown): boolean {
  return error instanceof Failure && error.code === 'KEY_INVALID';
}

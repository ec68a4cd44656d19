import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects all garbage now. V8 does so while memory is taken; a process at rest takes hardly any,
 * and keeps what it let go. Nothing else is done meanwhile.
 */
export function collectGarbage(): void {
  // Only a context that is made with the flag has the function.
  setFlagsFromString('--expose-gc');
  runInNewContext('if (typeof gc === "function") gc()');
  setFlagsFromString('--no-expose-gc');
}

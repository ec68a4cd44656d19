import type { Upload } from '../model/bucket.ts';

/** An upload for a body that is handed on and not stored. */
export function nowhere(): Upload {
  return {
    write: () => undefined,
    commit: () => Promise.reject(new Error('this body is not to be stored')),
    abort: () => Promise.resolve('gone'),
  };
}

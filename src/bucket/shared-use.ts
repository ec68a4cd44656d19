import type { ReservedMemory } from '../model/body-memory.ts';
import type { OnPartOver } from './s3-parts.ts';

/** Gives a part's memory back, for others where no request may still read it. */
export const giveBack = (reserved: ReservedMemory, how: 'reusable' | 'dropped'): void => {
  if (how === 'reusable') reserved.recycle();
  else reserved.release();
};

/** Lets several use one memory; it goes back when the last of them is done. */
export function sharedUse(reserved: ReservedMemory): () => OnPartOver {
  let users = 0;
  let failed = false;
  return () => {
    users += 1;
    return (how) => {
      users -= 1;
      failed ||= how === 'failed';
      if (users === 0) giveBack(reserved, failed ? 'dropped' : 'reusable');
    };
  };
}

/**
 * The share that one of several threads has of a limit: the shares are as equal as they can be, and
 * their sum is the limit. The first ones get what is left over.
 * @param index from 0
 */
export function shareOf(limit: number, index: number, threads: number): number {
  return Math.floor(limit / threads) + (index < limit % threads ? 1 : 0);
}

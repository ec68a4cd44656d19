import type { MakeBreaker } from '../../guard/address-breaker.ts';
import type { AdaptiveLimiter } from '../../guard/adaptive-limiter.ts';
import type { TokenBucket, Tokens } from '../../guard/token-bucket.ts';
import type { Clock } from '../../model/ports.ts';

/**
 * What holds requests back where several threads send them: all together keep to what was asked
 * for. What is counted singly is divided; what is measured, such as a rate, is kept by one of them.
 */
export interface Sharing {
  /** This thread's share of so many requests at once. */
  share(most: number): number;
  /** The limiter of a host. */
  limiter(host: string, clock: Clock): AdaptiveLimiter;
  /** The rate of that name, which is the same in all threads. */
  tokens(name: string, make: () => TokenBucket): Tokens;
  /** What makes the breaker of that name, which is the same in all threads. */
  breaker(name: string): MakeBreaker;
}

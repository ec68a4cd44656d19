import type { Origin } from '../model/origin.ts';

/** One address together with whether it makes sense to ask it now. */
export interface GuardedOrigin extends Origin {
  /** False while the address is taken for down, or while one request is trying it again. */
  available(): boolean;
  /** When it may be asked again, in milliseconds since the epoch; not after now where it may. */
  retryAtMs(): number;
}

import type { Connection } from './connection.ts';
import type { CrawlFloor } from './crawl-watch.ts';

/** What a receiver has to know of the exchange that it serves. */
export interface ReceiverSettings {
  /** Method and URL, the subject of failures. */
  readonly what: string;
  readonly method: string;
  readonly firstByteMs: number;
  readonly idleMs: number;
  /** Absent: {@link CRAWL_FLOOR}. */
  readonly crawl?: CrawlFloor;
  readonly maxHeaderBytes: number;
  /** The connection that the answer comes on. */
  readonly connection: Pick<
    Connection,
    | 'deadline'
    | 'headStrings'
    | 'unsentBytes'
    | 'hold'
    | 'letGo'
    | 'forgetHold'
    | 'lend'
    | 'keepRead'
  >;
}

import type { Origin } from '../../src/model/origin.ts';
import { testOrigin } from '../support/fault-origin-adapter.ts';
import type { FaultOrigin } from '../support/fault-origin.ts';
import { faultS3Origin } from '../support/fault-s3-origin.ts';

/** Long enough for a busy machine; short enough to wait for where a body stalls. */
const TIMEOUTS = { connectMs: 5_000, firstByteMs: 5_000, idleMs: 200 };

/** An adapter of the Origin port that asks a fault origin for the key `o`. */
export interface OriginUnderTest {
  readonly kind: 'HTTP' | 'S3';
  readonly open: (server: FaultOrigin) => Origin;
  /** The raw path that it asks for. */
  readonly path: string;
}

export const ORIGINS_UNDER_TEST: readonly OriginUnderTest[] = [
  {
    kind: 'HTTP',
    open: (server) => testOrigin(`${server.url}/old/`, { timeouts: TIMEOUTS }),
    path: '/old/o',
  },
  {
    kind: 'S3',
    open: (server) => faultS3Origin(server, { timeouts: TIMEOUTS }),
    path: '/old/o',
  },
];

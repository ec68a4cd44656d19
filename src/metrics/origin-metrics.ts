import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { OriginEvent } from '../model/event.ts';
import { SECONDS } from './seconds.ts';

/** What is measured of each origin address; origins and rules as the labels show them. */
export interface OriginMetrics {
  requested(rule: string, origin: string): void;
  /** @param ms from asking it to the first byte of its answer */
  answered(origin: string, ms: number): void;
  state(origin: string, state: OriginEvent['state']): void;
}

const STATES: Readonly<Record<OriginEvent['state'], number>> = {
  closed: 0,
  'half-open': 1,
  open: 2,
};

export function originMetrics(registry: Registry): OriginMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'bucketfill_origin_requests_total',
    help: 'Requests for a body that went to an origin.',
    labelNames: ['rule', 'origin'],
    registers,
  });
  const firstByte = new Histogram({
    name: 'bucketfill_origin_first_byte_seconds',
    help: 'From asking an origin to the first byte of its answer.',
    labelNames: ['origin'],
    buckets: SECONDS,
    registers,
  });
  const states = new Gauge({
    name: 'bucketfill_origin_breaker_state',
    help: "An origin's address: 0 closed, 1 half-open, 2 open by its breaker or a health check.",
    labelNames: ['origin'],
    registers,
  });
  return {
    requested(rule, origin) {
      requests.inc({ rule, origin });
    },
    answered(origin, ms) {
      firstByte.observe({ origin }, ms / 1000);
    },
    state(origin, state) {
      states.set({ origin }, STATES[state]);
    },
  };
}

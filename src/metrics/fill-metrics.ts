import { Counter, type Registry } from 'prom-client';
import type { Filled } from '../model/served.ts';

/** What is counted of whole fetches; rules as the label shows them. */
export interface FillMetrics {
  ended(rule: string, outcome: Filled['outcome'], bytes: number): void;
}

export function fillMetrics(registry: Registry): FillMetrics {
  const registers = [registry];
  const fills = new Counter({
    name: 'bucketfill_fills_total',
    help: 'Whole fetches that ended.',
    labelNames: ['rule', 'outcome'],
    registers,
  });
  const bytesStored = new Counter({
    name: 'bucketfill_filled_bytes_total',
    help: 'Bytes of the objects that whole fetches stored.',
    labelNames: ['rule'],
    registers,
  });
  return {
    ended(rule, outcome, bytes) {
      fills.inc({ rule, outcome });
      if (outcome === 'stored') bytesStored.inc({ rule }, bytes);
    },
  };
}

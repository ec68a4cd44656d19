import { z } from 'zod';

import type { ProtectSettings } from '../../model/rule.ts';
import { fields } from './fields.ts';
import { duration, rate } from './scalars.ts';

/** More sockets to one address than this are beyond what a process can open. */
const MAX_CONCURRENCY = 10_000;

const breaker = fields({
  ratio: z.number().gt(0).max(1).prefault(0.5),
  minimumCalls: z.int().min(1).max(100_000).prefault(20),
  window: duration(1).prefault('30s'),
  open: duration(1).prefault('30s'),
}).transform(({ ratio, minimumCalls, window, open }) => ({
  ratio,
  minimumCalls,
  windowMs: window,
  openMs: open,
}));

/** `protect`: how hard origins are leaned on. */
export const protectSchema = fields({
  concurrency: z.int().min(1).max(MAX_CONCURRENCY).prefault(64),
  bandwidth: rate.optional(),
  requestsPerSecond: z.number().gt(0).optional(),
  breaker: breaker.prefault({}),
  negativeTtl: duration(0).prefault('0s'),
}).transform((protect): ProtectSettings => ({
  concurrency: protect.concurrency,
  bytesPerSecond: protect.bandwidth,
  requestsPerSecond: protect.requestsPerSecond,
  breaker: protect.breaker,
  negativeTtlMs: protect.negativeTtl,
}));

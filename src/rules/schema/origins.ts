import { z } from 'zod';

import type { Origins, StatusPattern } from '../../model/rule.ts';
import { originUrlProblem } from '../origin-url-problem.ts';
import { addressSchema } from './address.ts';
import { EVEN_IF_ITEMS_ARE_WRONG, fields } from './fields.ts';
import { duration, refuseRepeats } from './scalars.ts';

/** Contract, rules file: at most so many addresses of each kind, and status patterns. */
const MAX_ADDRESSES = 10;
const MAX_STATUS_PATTERNS = 20;

const statusPattern = z.union([z.enum(['4XX', '5XX']), z.int().min(400).max(599)], {
  error: 'expected 4XX, 5XX or a status from 400 to 599',
});

const statusPatterns = z
  .array(statusPattern)
  .max(MAX_STATUS_PATTERNS)
  .superRefine((patterns, context) => {
    refuseRepeats(patterns, context);
    for (const [index, pattern] of patterns.entries()) {
      const covering = typeof pattern === 'number' ? classOf(pattern) : undefined;
      if (covering === undefined || !patterns.includes(covering)) continue;
      const message = `${pattern} is part of ${covering}, which stands in the list too; keep one`;
      context.addIssue({ code: 'custom', path: [index], message });
    }
  }, EVEN_IF_ITEMS_ARE_WRONG);

function classOf(status: number): StatusPattern | undefined {
  const hundreds = Math.floor(status / 100);
  if (hundreds === 4) return '4XX';
  return hundreds === 5 ? '5XX' : undefined;
}

const retries = fields({
  perAddress: z.int().min(1).max(100).prefault(3),
  base: duration(1).prefault('200ms'),
  max: duration(1).prefault('30s'),
}).transform(({ perAddress, base, max }, context) => {
  if (base > max) {
    const message = 'the first pause (`base`) is longer than the longest (`max`)';
    context.addIssue({ code: 'custom', path: ['base'], message });
  }
  return { perAddress, baseMs: base, maxMs: max };
});

const httpUrl = z.string().superRefine((url, context) => {
  const problem = originUrlProblem(url, 'file');
  const message = problem ?? (url.startsWith('http') ? undefined : 'expected an http(s) URL');
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const healthCheck = fields({
  url: httpUrl,
  every: duration(1).prefault('10s'),
  fall: z.int().min(1).max(1000).prefault(3),
  rise: z.int().min(1).max(1000).prefault(2),
}).transform(({ url, every, fall, rise }) => ({ url, everyMs: every, fall, rise }));

/** `origins`: where a rule's objects come from, and how addresses are tried. */
export const originsSchema = fields({
  select: z.enum(['ordered', 'roundRobin', 'weighted', 'random']).prefault('ordered'),
  masters: z.array(addressSchema).max(MAX_ADDRESSES).prefault([]),
  slaves: z.array(addressSchema).max(MAX_ADDRESSES).prefault([]),
  retryOn: statusPatterns.prefault(['5XX']),
  neverRetryOn: statusPatterns.prefault([]),
  maxAddresses: z
    .int()
    .min(1)
    .max(2 * MAX_ADDRESSES)
    .prefault(3),
  retries: retries.prefault({}),
  giveUpAfter: duration(0).prefault('10m'),
  healthCheck: healthCheck.optional(),
}).transform((origins): Origins => ({
  select: origins.select,
  masters: origins.masters,
  slaves: origins.slaves,
  retryOn: origins.retryOn,
  neverRetryOn: origins.neverRetryOn,
  maxAddresses: origins.maxAddresses,
  retries: origins.retries,
  giveUpAfterMs: origins.giveUpAfter,
  healthCheck: origins.healthCheck,
}));

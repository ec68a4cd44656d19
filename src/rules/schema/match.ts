import { z } from 'zod';

import type { HeaderCondition, Match } from '../../model/rule.ts';
import { fields } from './fields.ts';
import { headerName, keyPart, refuseRepeats } from './scalars.ts';

const TESTS = ['equals', 'startsWith', 'endsWith'] as const;

const headerCondition = fields({
  name: headerName,
  equals: z.string().optional(),
  startsWith: z.string().optional(),
  endsWith: z.string().optional(),
}).transform((value, context): HeaderCondition => {
  const given = TESTS.flatMap((test) => {
    const text = value[test];
    return text === undefined ? [] : [{ name: value.name, test, value: text }];
  });
  const [only] = given;
  if (only !== undefined && given.length === 1) return only;
  const message = 'expected exactly one of equals, startsWith and endsWith';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const hostPattern = z
  .string()
  .regex(/^[A-Za-z0-9.*:[\]_-]+$/, { error: 'expected a host name, without scheme and path' })
  .transform((host) => host.toLowerCase());

const statuses = z.union(
  [z.literal('any'), z.array(z.int().min(400).max(599)).min(1).superRefine(refuseRepeats)],
  { error: 'expected a list of statuses such as [404], or `any`' },
);

/** `match`: which keys and requests a rule takes. */
export const matchSchema = fields({
  keyPrefix: keyPart.optional(),
  keySuffix: keyPart.optional(),
  methods: z
    .array(z.enum(['GET', 'HEAD']))
    .min(1)
    .superRefine(refuseRepeats)
    .prefault(['GET', 'HEAD']),
  statuses: statuses.prefault([404]),
  headers: z.array(headerCondition).prefault([]),
  hosts: fields({
    allow: z.array(hostPattern).prefault([]),
    deny: z.array(hostPattern).prefault([]),
  }).prefault({}),
}).transform((match): Match => ({
  keyPrefix: match.keyPrefix,
  keySuffix: match.keySuffix,
  methods: match.methods,
  statuses: match.statuses,
  headers: match.headers,
  hosts: match.hosts,
}));

import { z } from 'zod';

import type { OriginRequestSettings } from '../../model/rule.ts';
import { isDeniedHeader } from '../header-names.ts';
import { fields } from './fields.ts';
import { duration, headerName, refuseRepeats } from './scalars.ts';
import { secretHeaders } from './secret.ts';

/** What browsers stop at is 20; more than 50 hops is a loop. */
const MAX_REDIRECTS = 50;

const passed = headerName.refine((name) => name === 'cookie' || !isDeniedHeader(name), {
  error: 'this header is on the deny list and never passed on to an origin',
});

const set = secretHeaders((name) => {
  if (!isDeniedHeader(name)) return undefined;
  if (name === 'host') return 'is on the deny list; use `hostHeader` of an address';
  return name.startsWith('authorization') || name === 'cookie'
    ? 'is on the deny list; credentials go into `headers` of the address that they belong to'
    : 'is on the deny list and cannot be set';
});

/** `request`: what is sent to the origins, and how long they may take. */
export const requestSchema = fields({
  passQuery: z.boolean().prefault(false),
  followRedirects: z.boolean().prefault(true),
  maxRedirects: z.int().min(0).max(MAX_REDIRECTS).prefault(10),
  refererOnRedirect: z.boolean().prefault(false),
  headers: fields({
    passAll: z.boolean().prefault(false),
    pass: z.array(passed).superRefine(refuseRepeats).prefault([]),
    remove: z.array(headerName).superRefine(refuseRepeats).prefault([]),
    set: set.prefault({}),
  }).prefault({}),
  timeouts: fields({
    connect: duration(1).prefault('5s'),
    firstByte: duration(1).prefault('10s'),
    idle: duration(1).prefault('30s'),
  }).prefault({}),
}).transform(({ timeouts, ...request }): OriginRequestSettings => ({
  ...request,
  timeouts: {
    connectMs: timeouts.connect,
    firstByteMs: timeouts.firstByte,
    idleMs: timeouts.idle,
  },
}));

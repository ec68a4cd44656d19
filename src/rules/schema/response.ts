import { z } from 'zod';

import type { ResponseSettings } from '../../model/rule.ts';
import { isConnectionHeader } from '../header-names.ts';
import { fields } from './fields.ts';
import { answerHeaderNames, headerName, refuseRepeats } from './scalars.ts';
import { literalHeaders } from './secret.ts';

/** What serve says of the bytes and the version that it sends. */
const OF_THE_ANSWER: readonly string[] = [
  'accept-ranges',
  'content-range',
  'etag',
  'last-modified',
];
/** What an origin says of its own answer, of which serve's may be a part, or a later copy. */
const OF_THE_ORIGIN: readonly string[] = [...OF_THE_ANSWER, 'age', 'content-encoding', 'date'];

const setHeaders = literalHeaders((name) => {
  if (isConnectionHeader(name)) return 'belongs to the connection and cannot be set';
  return OF_THE_ANSWER.includes(name) ? 'is what serve says itself, of what it sends' : undefined;
});

const passHeaders = answerHeaderNames.superRefine((names, context) => {
  for (const [index, name] of names.entries()) {
    if (!OF_THE_ORIGIN.includes(name)) continue;
    const message = 'serve says this header itself, of what it sends';
    context.addIssue({ code: 'custom', path: [index], message });
  }
});

/** `response`: what serve tells its clients. */
export const responseSchema = fields({
  onError: z.int().min(400).max(599).prefault(424),
  passStatuses: z.array(z.int().min(300).max(599)).superRefine(refuseRepeats).prefault([]),
  passHeaders: passHeaders.prefault([]),
  setHeaders: setHeaders.prefault({}),
  validators: z.enum(['origin', 'bucket']).prefault('origin'),
  mark: z
    .union([z.literal(false), headerName], { error: 'expected the name of a header, or false' })
    .prefault('x-bucketfill'),
  ossTag: z.boolean().prefault(false),
}).transform((response): ResponseSettings => response);

import { z } from 'zod';

import type { ResponseSettings } from '../../model/rule.ts';
import { isConnectionHeader } from '../header-names.ts';
import { fields } from './fields.ts';
import { answerHeaderNames, headerName, refuseRepeats } from './scalars.ts';
import { literalHeaders } from './secret.ts';

const setHeaders = literalHeaders((name) =>
  isConnectionHeader(name) ? 'belongs to the connection and cannot be set' : undefined,
);

/** `response`: what serve tells its clients. */
export const responseSchema = fields({
  onError: z.int().min(400).max(599).prefault(424),
  passStatuses: z.array(z.int().min(300).max(599)).superRefine(refuseRepeats).prefault([]),
  passHeaders: answerHeaderNames.prefault([]),
  setHeaders: setHeaders.prefault({}),
  validators: z.enum(['origin', 'bucket']).prefault('origin'),
  mark: z
    .union([z.literal(false), headerName], { error: 'expected the name of a header, or false' })
    .prefault('x-bucketfill'),
  ossTag: z.boolean().prefault(false),
}).transform((response): ResponseSettings => response);

import { z } from 'zod';

import type { Rule } from '../../model/rule.ts';
import { fields } from './fields.ts';
import { keySchema } from './key.ts';
import { matchSchema } from './match.ts';
import { originsSchema } from './origins.ts';
import { protectSchema } from './protect.ts';
import { requestSchema } from './request.ts';
import { responseSchema } from './response.ts';
import { storeSchema } from './store.ts';

const redirect = fields({
  status: z.literal([301, 302, 303, 307, 308]).prefault(302),
  passQuery: z.boolean().prefault(false),
}).transform(({ status, passQuery }) => ({ status, passQuery }));

const ruleShape = {
  match: matchSchema.prefault({}),
  action: z
    .enum(['mirror', 'redirectAndFetch', 'redirect', 'proxy', 'rewrite', 'off'])
    .prefault('mirror'),
  redirect: redirect.prefault({}),
  key: keySchema.prefault({}),
  origins: originsSchema.optional(),
  request: requestSchema.prefault({}),
  response: responseSchema.prefault({}),
  store: storeSchema.prefault({}),
  protect: protectSchema.prefault({}),
  afterMiss: z.enum(['none', 'redirect', 'nextRule']).prefault('none'),
};

/** `defaults`: what stands under every rule; a rule's fields without its id. */
export const defaultsSchema = fields(ruleShape);

/** One of `rules`. */
export const ruleSchema = fields({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,256}$/, {
    error: 'an id has 1 to 256 letters, digits, _ and -',
  }),
  ...ruleShape,
}).transform((rule): Rule => ({
  ...rule,
  origins: rule.origins?.masters.length === 0 ? undefined : rule.origins,
}));

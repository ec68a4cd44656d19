import { z } from 'zod';

import type { Rules, ScanSource } from '../../model/rule.ts';
import { inlineSecret, splitUrl } from '../origin-url-problem.ts';
import { bucketSchema } from './bucket.ts';
import { fields } from './fields.ts';
import { defaultsSchema, ruleSchema } from './rule.ts';
import { line } from './scalars.ts';
import { secretText } from './secret.ts';

/** Contract, rules file: more rules than this belong into several files. */
const MAX_RULES = 1000;

/** A URL, or a path for the kinds that read files. */
const scanUrl = secretText.superRefine((value, context) => {
  const parts = 'text' in value ? splitUrl(value.text) : undefined;
  const message = parts === undefined ? undefined : inlineSecret(parts);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const scanSource = fields({
  rule: line,
  from: z.enum(['httpIndex', 'sitemap', 's3', 's3Inventory', 'directory', 'keys']),
  url: scanUrl.optional(),
}).transform(({ rule, from, url }): ScanSource => ({ rule, from, url }));

/** The rules file with `defaults` already merged under the rules; yields the typed rules. */
export const fileSchema = fields({
  version: z.literal(1, {
    error: (issue) =>
      issue.input === undefined ? undefined : 'this program reads rules of `version: 1` only',
  }),
  allowPrivate: z.boolean().prefault(false),
  bucket: bucketSchema,
  defaults: defaultsSchema.optional(),
  rules: z.array(ruleSchema).max(MAX_RULES),
  scan: z.array(scanSource).prefault([]),
}).transform(({ allowPrivate, bucket, rules, scan }): Rules => ({
  allowPrivate,
  bucket,
  rules,
  scan,
}));

import { z } from 'zod';

import type { KeyRewrite } from '../../model/rule.ts';
import { EVEN_IF_WRONG, fields } from './fields.ts';
import { keyPart, keyText, someKeyPart } from './scalars.ts';

const TOKEN = '${key}';

const template = keyText(TOKEN.length)
  .refine((text) => text.split(TOKEN).length === 2, {
    error: `must hold exactly one ${TOKEN}, as in "pre${TOKEN}post"`,
  })
  .transform((text) => {
    const [before = '', after = ''] = text.split(TOKEN);
    return { before, after };
  });

const replaceSuffix = fields({ from: someKeyPart.optional(), to: keyPart }).transform(
  ({ from, to }) => ({ from, to }),
);

const EXCLUSIVE = ['replacePrefix', 'template', 'fixed'] as const;

/** `key`: what the request key becomes at the origin. */
export const keySchema = fields({
  replacePrefix: keyPart.optional(),
  template: template.optional(),
  fixed: someKeyPart.optional(),
  replaceSuffix: replaceSuffix.optional(),
  addPrefix: keyPart.prefault(''),
  addSuffix: keyPart.prefault(''),
  slashes: z.enum(['join', 'raw', 'keepLeading']).prefault('join'),
  dotSegments: z.enum(['refuse', 'send']).prefault('refuse'),
})
  .superRefine((key, context) => {
    const [, ...more] = EXCLUSIVE.filter((name) => key[name] !== undefined);
    for (const name of more) {
      const message = `only one of ${EXCLUSIVE.join(', ')} can decide the key`;
      context.addIssue({ code: 'custom', path: [name], message });
    }
  }, EVEN_IF_WRONG)
  .transform((key): KeyRewrite => ({
    replacePrefix: key.replacePrefix,
    template: key.template,
    fixed: key.fixed,
    replaceSuffix: key.replaceSuffix,
    addPrefix: key.addPrefix,
    addSuffix: key.addSuffix,
    slashes: key.slashes,
    dotSegments: key.dotSegments,
  }));

import { z } from 'zod';

import { utf8Length } from '../../model/object-key.ts';
import { isConnectionHeader, isHeaderName } from '../header-names.ts';
import type { Measure } from '../units.ts';
import { parseDuration, parseRate, parseSize } from '../units.ts';

/** S3 accepts keys of at most 1,024 bytes of UTF-8; no prefix or suffix can be longer. */
const MAX_KEY_PART_BYTES = 1024;

/** Text of one line at least one character long: names, paths, classes. */
export const line = z
  .string()
  .min(1)
  .refine((text) => !/\p{Cc}/u.test(text), { error: 'holds a line break or control character' });

/** Text that a key consists of, beside `others` bytes that do not count: well-formed, up to its length. */
export function keyText(others: number): z.ZodString {
  return z.string().superRefine((text, context) => {
    const bytes = utf8Length(text) - others;
    if (!text.isWellFormed()) {
      context.addIssue({ code: 'custom', message: 'holds half of a surrogate pair' });
    } else if (bytes > MAX_KEY_PART_BYTES) {
      const message = `has ${bytes} bytes, a key at most ${MAX_KEY_PART_BYTES}`;
      context.addIssue({ code: 'custom', message });
    }
  });
}

/** A piece of a key: any well-formed text, up to a key's length. */
export const keyPart = keyText(0);

/** A piece of a key that is not empty. */
export const someKeyPart = keyPart.min(1);

/** The name of an environment variable, or of a group of them. */
export const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
  error: 'expected the name of an environment variable: letters, digits and _, not its value',
});

/** A header's name, in lower case from here on. */
export const headerName = z
  .string()
  .refine(isHeaderName, { error: 'is not the name of a header' })
  .transform((name) => name.toLowerCase());

/** Names of headers of an origin's answer that may go elsewhere. */
export const answerHeaderNames = z
  .array(
    headerName.refine((name) => !isConnectionHeader(name) && name !== 'set-cookie', {
      error: 'this header belongs to one connection or one client; it is never kept nor passed on',
    }),
  )
  .superRefine(refuseRepeats);

/** A host name or IP address, optionally with a port. */
export const host = z
  .string()
  .regex(
    /^(\[[0-9A-Fa-f:.%]+\]|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+|[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.%]+\]:\d{1,5})$/,
    {
      error: 'expected a host name or an IP address, without scheme and path',
    },
  );

/** A duration with its unit, in milliseconds. */
export function duration(least: 0 | 1) {
  return measured('30s', parseDuration, least);
}

/** A size with its unit, in bytes. */
export function size(least: number) {
  return measured('16MiB', parseSize, least);
}

/** Bytes a second. */
export const rate = measured('50MiB/s', parseRate, 1);

function measured(example: string, parse: (text: string) => Measure, least: number) {
  return z
    .string({
      error: (issue) =>
        typeof issue.input === 'number' ? `needs a unit, such as \`${example}\`` : undefined,
    })
    .meta({ examples: [example] })
    .transform((text, context) => {
      const measure = parse(text);
      if ('value' in measure && measure.value >= least) return measure.value;
      const tooLittle = least === 1 ? 'must be more than 0' : `must be at least ${least} bytes`;
      const message = 'value' in measure ? tooLittle : measure.problem;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    });
}

/** Refuses the second of two equal list entries, at its place. */
export function refuseRepeats(list: readonly (string | number)[], context: z.RefinementCtx): void {
  for (const [index, value] of list.entries()) {
    if (list.indexOf(value) === index) continue;
    context.addIssue({ code: 'custom', path: [index], message: 'stands twice in this list' });
  }
}

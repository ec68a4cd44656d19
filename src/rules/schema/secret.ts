import { z } from 'zod';

import type { NamedValue, Secret } from '../../model/rule.ts';
import { isHeaderName, isHeaderValue } from '../header-names.ts';
import { isSecretHeader } from '../inline-secret.ts';
import { originUrlProblem } from '../origin-url-problem.ts';
import { EVEN_IF_WRONG, fields } from './fields.ts';
import { envName } from './scalars.ts';

/** `{ env: NAME }`: the value stands in an environment variable. */
export const envReference = fields({ env: envName });

const textOrEnv = z.union([z.string(), envReference], { error: notTextOrEnv });

/** An origin's address as text. The scheme becomes lower-case; nothing else of it is touched. */
export const urlText = z.string().transform((url, context): Secret => {
  const problem = originUrlProblem(url, 'file');
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  return { text: url.replace(/^[^:]+/, (scheme) => scheme.toLowerCase()) };
});

/** An origin's address, as text or from the environment. */
export const secretUrl = z.union([urlText, envReference], { error: notTextOrEnv });

/** Literal text or an environment variable, whatever the text is. */
export const secretText = textOrEnv.transform((value): Secret =>
  typeof value === 'string' ? { text: value } : value,
);

/**
 * Header names to values that may come from the environment. Credentials written as text are
 * refused.
 * @param refusal why a lower-case name may not be set here; undefined when it may
 */
export function secretHeaders(refusal: (name: string) => string | undefined) {
  return z
    .record(z.string(), secretText)
    .superRefine((headers, context) => {
      checkHeaders(headers, context, (name, value) => {
        const refused = refusal(name.toLowerCase());
        if (refused !== undefined || typeof value !== 'object' || !('text' in value))
          return refused;
        if (!isHeaderValue(value.text)) return UNSENDABLE;
        return isSecretHeader(name, value.text)
          ? 'a credential written into the file; put it into an environment variable and write { env: NAME }'
          : undefined;
      });
    }, EVEN_IF_WRONG)
    .transform((headers) => namedValues(headers));
}

/** Header names to literal values. */
export function literalHeaders(refusal: (name: string) => string | undefined) {
  return z
    .record(z.string(), z.string())
    .superRefine((headers, context) => {
      checkHeaders(
        headers,
        context,
        (name, value) =>
          refusal(name.toLowerCase()) ?? (isHeaderValue(value) ? undefined : UNSENDABLE),
      );
    })
    .transform((headers) => namedValues(headers));
}

const UNSENDABLE = 'the value holds a line break or another character that a header cannot carry';

function notTextOrEnv(issue: { readonly input?: unknown }): string | undefined {
  if (issue.input === undefined || issue.input === null) return undefined;
  return 'expected text (in quotes if it looks like a number) or { env: NAME }';
}

function checkHeaders<V>(
  headers: Readonly<Record<string, V>>,
  context: z.RefinementCtx,
  problemOf: (name: string, value: V) => string | undefined,
): void {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    const message = !isHeaderName(name)
      ? 'is not the name of a header'
      : seen.has(lower)
        ? 'names a header a second time; letter case does not count'
        : problemOf(name, value);
    seen.add(lower);
    if (message !== undefined) context.addIssue({ code: 'custom', path: [name], message });
  }
}

function namedValues<V>(headers: Readonly<Record<string, V>>): NamedValue<V>[] {
  return Object.entries(headers).map(([name, value]) => ({ name: name.toLowerCase(), value }));
}

import { z } from 'zod';

import { didYouMean } from '../did-you-mean.ts';
import { isSecretField } from '../inline-secret.ts';

// Else zod writes and compiles a program for each map, which reading one file never earns back.
z.config({ jitless: true });

/**
 * Lets a check of a map run although parts of it are wrong, so that every problem comes at once.
 * Such a check sees wrong parts as they were written, and looks before it touches them.
 */
export const EVEN_IF_WRONG = {
  when: ({ value }: { readonly value: unknown }) =>
    typeof value === 'object' && value !== null && !Array.isArray(value),
};

/** The same for a check of a list. */
export const EVEN_IF_ITEMS_ARE_WRONG = {
  when: ({ value }: { readonly value: unknown }) => Array.isArray(value),
};

/**
 * A map with known fields only. An unknown one is told in words, one line for each in the order
 * of the issue's keys, with the field that was likely meant.
 */
export function fields<T extends z.core.$ZodLooseShape>(shape: T) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => unknownField(key, known)).join('\n')
        : undefined,
  });
}

function unknownField(name: string, known: readonly string[]): string {
  const shown = name.replaceAll(/\s+/g, ' ').slice(0, 60);
  const meant = didYouMean(name, known);
  if (meant !== undefined) return `unknown field \`${shown}\`, did you mean \`${meant}\`?`;
  const secret = isSecretField(name)
    ? '; secrets do not stand in this file, write { env: NAME } where one is taken'
    : '';
  return `unknown field \`${shown}\`${secret}; known here: ${known.join(', ')}`;
}

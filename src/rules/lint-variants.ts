import type { Rule } from '../model/rule.ts';
import type { Finding } from './problem.ts';

/**
 * What passing on a client's query or headers does to what is stored: with `variants: any` the
 * first client decides what all get, with `plain` nothing that they could change is stored.
 */
export function lintVariants({ request, store, action }: Rule, index: number): Finding[] {
  if (action !== 'mirror' && action !== 'redirectAndFetch') return [];
  const passing = passed(request);
  if (store.variants === 'any') {
    const path = ['rules', index, 'store', 'variants'];
    const [first] = passing;
    if (first === undefined) {
      const message = "has no effect: nothing of a client's request is passed on";
      return [{ lint: 'no-effect', path, message }];
    }
    const message = `any with ${first.field}: the first client's ${first.what} decides what every other gets under the key; plain does not store such answers`;
    return [{ lint: 'poisoning', path, message }];
  }
  return passing.map(({ path, what }): Finding => ({
    lint: 'variants',
    path: ['rules', index, 'request', ...path],
    message: `a request whose ${what} is passed on is served, not stored (store.variants: plain)`,
  }));
}

interface Passing {
  readonly field: string;
  readonly what: string;
  readonly path: readonly string[];
}

function passed({ passQuery, headers }: Rule['request']): Passing[] {
  const query = { field: 'passQuery', what: 'query', path: ['passQuery'] };
  const all = { field: 'passAll', what: 'headers', path: ['headers', 'passAll'] };
  const some = {
    field: 'headers.pass',
    what: `\`${headers.pass.join('`, `')}\``,
    path: ['headers', 'pass'],
  };
  return [
    ...(passQuery ? [query] : []),
    ...(headers.passAll ? [all] : headers.pass.length > 0 ? [some] : []),
  ];
}

import { FatalError } from '../model/failure.ts';
import type { Headers } from '../model/ports.ts';
import type { NamedValue, Rule, Secret } from '../model/rule.ts';
import { isHeaderValue } from './header-names.ts';
import { resolveSecret } from './resolve-secret.ts';
import type { Environment } from './resolve-secret.ts';

/** Headers with the names of those whose values are secrets. */
export interface RequestHeaders {
  readonly headers: Headers;
  readonly secrets: ReadonlySet<string>;
}

/**
 * The headers that a rule gives a request of a bulk command: `request.headers.set`, resolved.
 * What clients send, `pass` and `remove` are about requests that a client made.
 * @throws FatalError `usage` as {@link resolveHeaders}.
 */
export function requestHeaders(rule: Rule, env: Environment): RequestHeaders {
  const { set } = rule.request.headers;
  const secret = set.filter(({ value }) => 'env' in value);
  return {
    headers: resolveHeaders(set, env, `rule ${rule.id}, request.headers.set`),
    secrets: new Set(secret.map(({ name }) => name)),
  };
}

/**
 * Named values as headers, with every secret resolved.
 * @param where the map's path, for the message
 * @throws FatalError `usage` where a variable is unset or empty, or a value can't be sent: a line
 * break in it would let it write headers of its own.
 */
export function resolveHeaders(
  values: readonly NamedValue<Secret>[],
  env: Environment,
  where: string,
): Headers {
  const headers = values.map(({ name, value }): [string, string] => {
    const text = resolveSecret(value, env, `${where}.${name}`);
    if (!isHeaderValue(text)) {
      const source = 'env' in value ? `environment variable ${value.env}` : 'value';
      throw new FatalError(
        'usage',
        `${where}.${name}: the ${source} holds a line break or another character that a header cannot carry; remove it`,
      );
    }
    return [name, text];
  });
  return Object.fromEntries(headers);
}

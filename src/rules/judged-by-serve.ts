import type { Rule } from '../model/rule.ts';

/**
 * What a rule asks of a request that only serve can judge; bulk commands take its keys without it.
 * @returns fields as the rules file names them
 */
export function judgedByServe({ match }: Rule): readonly string[] {
  const { methods, headers, hosts } = match;
  return [
    ...(methods.includes('GET') ? [] : ['match.methods']),
    ...(headers.length > 0 ? ['match.headers'] : []),
    ...(hosts.allow.length + hosts.deny.length > 0 ? ['match.hosts'] : []),
  ];
}

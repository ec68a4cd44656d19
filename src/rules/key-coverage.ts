import type { Match } from '../model/rule.ts';

/** Whether every key, and every request, that `inner` takes is taken by `outer` too. */
export function covers(outer: Match, inner: Match): boolean {
  return (
    (inner.keyPrefix ?? '').startsWith(outer.keyPrefix ?? '') &&
    (inner.keySuffix ?? '').endsWith(outer.keySuffix ?? '') &&
    coversHeaders(outer.headers, inner.headers) &&
    coversHosts(outer.hosts, inner.hosts) &&
    inner.methods.every((method) => outer.methods.includes(method)) &&
    coversStatuses(outer.statuses, inner.statuses)
  );
}

/** Whether some key could be taken by both: then prefix and suffix of one fit those of the other. */
export function overlaps(a: Match, b: Match): boolean {
  const [prefixA, prefixB] = [a.keyPrefix ?? '', b.keyPrefix ?? ''];
  const [suffixA, suffixB] = [a.keySuffix ?? '', b.keySuffix ?? ''];
  return (
    (prefixA.startsWith(prefixB) || prefixB.startsWith(prefixA)) &&
    (suffixA.endsWith(suffixB) || suffixB.endsWith(suffixA)) &&
    shareStatus(a.statuses, b.statuses)
  );
}

/** Each condition of `outer` is one of `inner` too. */
function coversHeaders(outer: Match['headers'], inner: Match['headers']): boolean {
  return outer.every(({ name, test, value }) =>
    inner.some((one) => one.name === name && one.test === test && one.value === value),
  );
}

/** As far as equal patterns show it; a wildcard is not taken apart. */
function coversHosts(outer: Match['hosts'], inner: Match['hosts']): boolean {
  const isAllowed = (host: string) => outer.allow.includes(host);
  const allows = inner.allow.length > 0 && inner.allow.every(isAllowed);
  return (
    (outer.allow.length === 0 || allows) && outer.deny.every((host) => inner.deny.includes(host))
  );
}

function coversStatuses(outer: Match['statuses'], inner: Match['statuses']): boolean {
  if (outer === 'any') return true;
  return inner !== 'any' && inner.every((status) => outer.includes(status));
}

function shareStatus(a: Match['statuses'], b: Match['statuses']): boolean {
  return a === 'any' || b === 'any' || a.some((status) => b.includes(status));
}

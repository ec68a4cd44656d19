import type { Rule } from '../model/rule.ts';
import type { Finding } from './problem.ts';

/** What is doubtful about redirects, and about what clients are told. */
export function lintAnswers(rule: Rule, index: number): Finding[] {
  return [
    ...referer(rule, index),
    ...target(rule, index),
    ...missTwice(rule, index),
    ...tagOfNothing(rule, index),
  ];
}

function tagOfNothing({ response, store }: Rule, index: number): Finding[] {
  if (!response.ossTag || store.originValidators) return [];
  const path = ['rules', index, 'response', 'ossTag'];
  const message = 'has no effect: the URL that it tells is kept by store.originValidators only';
  return [{ lint: 'no-effect', path, message }];
}

function referer({ request }: Rule, index: number): Finding[] {
  const { followRedirects, refererOnRedirect, headers } = request;
  const isSet = headers.set.some(({ name }) => name === 'referer');
  if (!followRedirects || !refererOnRedirect || !isSet) return [];
  const path = ['rules', index, 'request', 'refererOnRedirect'];
  const message =
    'overwrites the Referer of request.headers.set on redirected hops; false leaves it as set';
  return [{ lint: 'referer-overwritten', path, message }];
}

function target({ action, afterMiss, origins }: Rule, index: number): Finding[] {
  const redirects = action === 'redirect' || action === 'redirectAndFetch';
  const url = origins?.masters[0]?.url;
  if (url === undefined || !('text' in url) || !url.text.startsWith('s3:')) return [];
  if (!redirects && afterMiss !== 'redirect') return [];
  const path = ['rules', index, 'origins', 'masters', 0];
  const message = 'clients cannot be redirected to an s3:// address; put an http(s) one first';
  return [{ lint: 'redirect-target', path, message }];
}

function missTwice({ afterMiss, response }: Rule, index: number): Finding[] {
  if (afterMiss === 'none' || !response.passStatuses.includes(404)) return [];
  const path = ['rules', index, 'response', 'passStatuses'];
  const message = `404 has no effect: afterMiss: ${afterMiss} decides what follows it`;
  return [{ lint: 'no-effect', path, message }];
}

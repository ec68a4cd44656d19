import { createHmac } from 'node:crypto';
import { type Answer, answerOf, type Asking, begin } from './ask.ts';
import type { ServeHere } from './serve-here.ts';

/** What a proxy knows Qiniu's callers by. */
export const QBOX_ENV = {
  BUCKETFILL_QBOX_ACCESS_KEY: 'ak',
  BUCKETFILL_QBOX_SECRET_KEY: 'sk-canary',
};

/** `http://127.0.0.1:port` of the admin port, of a proxy that has one. */
export function adminUrl(proxy: ServeHere): string {
  return /status page on (http:\S+)\//.exec(proxy.log())?.[1] ?? '';
}

/** The call that prefetches `<bucket>:<key>`. */
export function pathOf(entry: string): string {
  const encoded = Buffer.from(entry).toString('base64');
  return `/prefetch/${encoded.replaceAll('+', '-').replaceAll('/', '_')}`;
}

/** The value of Authorization, as Qiniu's page on access tokens has it. */
export function tokenOf(
  target: string,
  body = '',
  secret = QBOX_ENV.BUCKETFILL_QBOX_SECRET_KEY,
): string {
  const hmac = createHmac('sha1', secret).update(`${target}\n${body}`).digest('base64');
  return `QBox ak:${hmac.replaceAll('+', '-').replaceAll('/', '_')}`;
}

/** Calls for `<bucket>:<key>`, as one that may. */
export function asking(proxy: ServeHere, entry: string): Asking {
  const path = pathOf(entry);
  const headers = { authorization: tokenOf(path) };
  return begin(adminUrl(proxy), path, { method: 'POST', headers });
}

/** Calls, and waits for the whole answer. */
export async function prefetchFrom(proxy: ServeHere, entry: string): Promise<Answer> {
  return answerOf(await asking(proxy, entry).head);
}

/** What an answer names as the reason. */
export function errorOf({ text }: Answer): string {
  return (JSON.parse(text) as { readonly error: string }).error;
}

import type { Headers } from '../model/ports.ts';

/** Whether an answer is meant for one client: it sets a cookie, or its Cache-Control says so. */
export function isPrivate(headers: Headers): boolean {
  if (headers['set-cookie'] !== undefined) return true;
  const directives = (headers['cache-control'] ?? '').toLowerCase().split(',');
  return directives.some((directive) =>
    ['private', 'no-store'].includes(directive.split('=')[0]?.trim() ?? ''),
  );
}

import { splitUrl } from './origin-url-problem.ts';

/**
 * How events and messages show an address: scheme, host, port and path as written, without user
 * name, password, query and fragment. A text that can't be taken apart shows nothing of itself,
 * because any part of it may be a secret.
 */
export function originName(url: string): string {
  const parts = splitUrl(url);
  if (parts === undefined) return '(unreadable address)';
  const host = parts.authority.slice(parts.authority.lastIndexOf('@') + 1);
  // A password that holds a raw `/` ends the authority early: then the "port" is no number.
  if (!/^(\[[0-9A-Fa-f:.%]+\]|[^:[\]\\\s]+)(:\d*)?$/.test(host)) {
    return `${parts.scheme}://(unreadable address)`;
  }
  return `${parts.scheme}://${host}${parts.path === '' ? '/' : parts.path}`;
}

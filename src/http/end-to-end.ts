import type { Headers } from '../model/ports.ts';

/** Fields about the connection that an answer came by (RFC 9110, 7.6.1), and what is private. */
const LEFT_OUT = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** An answer's headers as they may be handed on to somebody else. */
export function endToEnd(headers: Headers): Headers {
  const named = (headers['connection'] ?? '').toLowerCase().split(',');
  const hops = new Set(named.map((name) => name.trim()));
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !LEFT_OUT.has(name) && !hops.has(name)),
  );
}

import type { Headers } from '../model/ports.ts';

/** The header by which a proxy of this tool knows a request that went through it. */
const LOOP_MARK = 'x-bucketfill-via';

/** More proxies than this one behind the other are a loop, whoever they are. */
const MOST_PROXIES = 10;

/** Whether the request went through the proxy of that name already, or through too many. */
export function isLoop(headers: Headers, proxy: string): boolean {
  if (!Object.hasOwn(headers, LOOP_MARK)) return false;
  const names = through(headers);
  return names.includes(proxy) || names.length >= MOST_PROXIES;
}

/** The mark that an origin request gets: the proxies that the client's came through, and this one. */
export function loopMark(headers: Headers, proxy: string): Headers {
  return { [LOOP_MARK]: [...through(headers), proxy].join(', ') };
}

function through(headers: Headers): string[] {
  if (!Object.hasOwn(headers, LOOP_MARK)) return [];
  return (headers[LOOP_MARK] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

import type { IncomingMessage } from 'node:http';
import { type AdminAnswer, type AdminRequest, errorAnswerJson } from './admin-answer.ts';
import { isOwnHost } from './admin-host.ts';
import { isVendorCall } from './vendor-calls.ts';

/** More than any call's body has. */
const MOST_BODY_BYTES = 1024 * 1024;

/**
 * Reads a request to its end.
 * @param listens the host that `--admin` names
 * @returns an answer that refuses, with the status 421 where another site's name led here, 400
 * where the address can't be read, 413 where the body is too large; the connection can't be used
 * again after that.
 */
export async function readAdminRequest(
  incoming: IncomingMessage,
  listens: string,
): Promise<{ readonly request: AdminRequest } | { readonly refusal: AdminAnswer }> {
  const { url = '', method = '', headers } = incoming;
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const rawQuery = mark < 0 ? '' : url.slice(mark + 1);
  const query = readQuery(rawQuery);
  // Vendors' calls name a host of the vendor's, and prove who makes them.
  const isNamedAtWill = query !== undefined && isVendorCall({ path, query });
  if (!isNamedAtWill && !isOwnHost(headers.host, listens)) {
    const how = 'ask by an address, as localhost, or by the name that --admin names';
    return { refusal: errorAnswerJson(421, `this host name is not known here: ${how}`) };
  }
  if (!path.startsWith('/') || query === undefined) {
    return { refusal: errorAnswerJson(400, 'the address can not be read') };
  }
  const body = await readBody(incoming);
  if (body === undefined) {
    return { refusal: errorAnswerJson(413, `a body has at most ${MOST_BODY_BYTES} bytes here`) };
  }
  const asked = method === 'HEAD' ? 'GET' : method;
  return { request: { method: asked, path, query, rawQuery, headers, body } };
}

/** Undefined where it is no text: a key would silently become another one. */
function readQuery(text: string): URLSearchParams | undefined {
  try {
    decodeURIComponent(text);
  } catch {
    return undefined;
  }
  return new URLSearchParams(text);
}

/** Undefined where it is too large; the rest is not read then. */
async function readBody(incoming: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Uint8Array)) continue;
    length += chunk.length;
    if (length > MOST_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

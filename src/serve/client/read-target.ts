/** The parts of a request target (RFC 9112, 3.2). */
export interface Target {
  /** Percent-encoded, in ASCII, with its leading `/`; `*` where the target is just that. */
  readonly path: string;
  /** Percent-encoded, in ASCII, without `?`; '' for none. */
  readonly query: string;
  /** Of the absolute form, port included, whatever stands there; undefined in the others. */
  readonly authority: string | undefined;
}

/** What needs no second look: most targets, so that it is asked first. */
const PLAIN = /^[\u0021\u0022\u0024-\u007e]+$/;

/** What no URI holds as it is, and a fragment, which no client sends (RFC 3986, 2 and 3.5). */
const UNFIT = /[^\u0021\u0022\u0024-\u007e\u0080-\u00ff]/;

const ABSOLUTE = /^https?:\/\/([^/?]*)(.*)$/i;

/**
 * Takes a request target apart. Nothing in it is decoded or resolved; bytes above ASCII, which are
 * no URI but are sent all the same, become the percent escapes of those bytes.
 * @param target bytes above ASCII as the Latin-1 characters of those bytes
 * @returns undefined for what is no target of a request for a resource
 */
export function readTarget(target: string): Target | undefined {
  const isPlain = PLAIN.test(target);
  if (!isPlain && UNFIT.test(target)) return undefined;
  const text = isPlain ? target : escaped(target);
  if (text === '*') return { path: text, query: '', authority: undefined };
  if (text.startsWith('/')) return parted(text, undefined);
  const [, authority, rest = ''] = ABSOLUTE.exec(text) ?? [];
  if (authority === undefined) return undefined;
  return parted(rest.startsWith('/') ? rest : `/${rest}`, authority);
}

function escaped(target: string): string {
  return target.replaceAll(
    /[\u0080-\u00ff]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function parted(text: string, authority: string | undefined): Target {
  const mark = text.indexOf('?');
  if (mark === -1) return { path: text, query: '', authority };
  return { path: text.slice(0, mark), query: text.slice(mark + 1), authority };
}

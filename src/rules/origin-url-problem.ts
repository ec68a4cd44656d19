import { secretParameter } from './inline-secret.ts';

/** Where the text of a URL came from: only the environment may hold secrets. */
export type UrlSource = 'file' | 'environment';

/** An address cut into its parts as written: nothing is decoded, encoded or normalised. */
export interface UrlParts {
  /** Lower-case. */
  readonly scheme: string;
  /** Userinfo, host and port. */
  readonly authority: string;
  /** '' or from its first `/`. */
  readonly path: string;
  /** Without `?`; undefined where there is none. */
  readonly query: string | undefined;
}

/** Cuts `scheme://authority/path?query`; undefined where it has no scheme. */
export function splitUrl(url: string): UrlParts | undefined {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?/s.exec(url);
  if (match === null) return undefined;
  const [, scheme = '', authority = '', path = '', query] = match;
  return { scheme: scheme.toLowerCase(), authority, path, query };
}

/**
 * Why `url` can't be an origin's address, in words that end a sentence and never repeat a secret;
 * undefined when it can. Secrets are refused in the file and accepted from the environment.
 */
export function originUrlProblem(url: string, source: UrlSource): string | undefined {
  if (url === '') return 'the URL is empty';
  const parts = splitUrl(url);
  if (parts === undefined) return missingScheme(url, source);
  if (!['http', 'https', 's3'].includes(parts.scheme)) {
    const shown = source === 'file' ? ` \`${parts.scheme}\`` : '';
    return `the scheme${shown} is not supported; use http, https or s3`;
  }
  const secret = source === 'file' ? inlineSecret(parts) : undefined;
  return secret ?? (parts.scheme === 's3' ? s3Problem(parts) : httpProblem(url, parts));
}

/** Where the credentials in a URL's text stand, as a refusal; undefined where there are none. */
export function inlineSecret(parts: UrlParts): string | undefined {
  const advice = 'put the whole URL into an environment variable and write { env: NAME }';
  if (parts.authority.includes('@')) return `the URL holds a user name or password; ${advice}`;
  const name = secretParameter(parts.query ?? '');
  if (name === undefined) return undefined;
  return `the URL holds the secret parameter \`${name.slice(0, 60)}\`; ${advice}`;
}

function missingScheme(url: string, source: UrlSource): string {
  if (source === 'environment' || /[@?#]/.test(url) || !/^[\w.:[\]/-]{1,200}$/.test(url)) {
    return 'the URL has no scheme; it starts with http://, https:// or s3://';
  }
  return `the URL has no scheme; did you mean \`http://${url.replace(/^\/+/, '')}\`?`;
}

function httpProblem(url: string, parts: UrlParts): string | undefined {
  if (!/^[\u0021-\u007E]*$/.test(url)) {
    return 'the URL holds a space or a character beyond ASCII; percent-encode it, and write a host name in its `xn--` form';
  }
  if (url.includes('\\')) return 'the URL holds a backslash; write / or %5C';
  if (url.includes('#')) return 'the URL holds a #, and what follows it is never sent; write %23';
  if (parts.authority.replace(/^.*@/s, '') === '') return 'the URL names no host';
  if (!URL.canParse(url)) return 'the URL cannot be read; is the host or the port mistyped?';
  return undefined;
}

function s3Problem(parts: UrlParts): string | undefined {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{2,254}$/.test(parts.authority)) {
    return 'the URL names no bucket; it looks like s3://BUCKET/ or s3://BUCKET/PREFIX/';
  }
  return parts.query === undefined ? undefined : 'an s3:// URL has no query';
}

import { JsonItems } from './json-items.ts';
import {
  type ListedFacts,
  NoIndex,
  type OnLink,
  type PageLink,
  type PageReader,
} from './page-link.ts';

const SECOND_MS = 1000;

/**
 * Reads a JSON index: nginx's `autoindex_format json`, which names entries, and Caddy's, which has
 * their URLs.
 */
export function jsonPage(onLink: OnLink): PageReader {
  const items = new JsonItems((item) => {
    onLink(linkOf(item));
  });
  return {
    write: (chunk) => {
      items.write(chunk);
    },
    end: () => {
      items.end();
      return true;
    },
  };
}

function linkOf(bytes: Uint8Array): PageLink {
  const text = utf8(bytes);
  if (text === undefined) {
    return { kind: 'passed', reason: 'not-utf8', text: Buffer.from(bytes).toString('utf8') };
  }
  const fields = fieldsOf(text);
  const name = fields.get('name');
  const url = fields.get('url');
  if (typeof name !== 'string') throw new NoIndex('it holds an entry without a name');
  if (typeof url === 'string') return { kind: 'href', href: url, facts: caddyFacts(fields) };
  switch (fields.get('type')) {
    case 'file':
      return { kind: 'name', name, isFolder: false, facts: nginxFacts(fields) };
    case 'directory':
      return { kind: 'name', name, isFolder: true, facts: {} };
    case 'other':
      return { kind: 'passed', reason: 'special', text: name };
    default:
      throw new NoIndex('its entries are neither those of nginx nor those of Caddy');
  }
}

function fieldsOf(text: string): ReadonlyMap<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new NoIndex('it is not JSON', { cause: error });
  }
  if (typeof parsed !== 'object' || parsed === null) throw new NoIndex('its items are no objects');
  return new Map(Object.entries(parsed));
}

/** nginx: whole seconds, always in GMT. */
function nginxFacts(fields: ReadonlyMap<string, unknown>): ListedFacts {
  return { ...sizeOf(fields), ...dateOf(fields.get('mtime'), SECOND_MS) };
}

/** What Caddy tells of a symbolic link may be about the link and not about what it leads to. */
function caddyFacts(fields: ReadonlyMap<string, unknown>): ListedFacts {
  if (fields.get('is_dir') === true || fields.get('is_symlink') === true) return {};
  return { ...sizeOf(fields), ...dateOf(fields.get('mod_time'), 1) };
}

function sizeOf(fields: ReadonlyMap<string, unknown>): ListedFacts {
  const size = fields.get('size');
  return typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? { size } : {};
}

function dateOf(text: unknown, resolutionMs: number): ListedFacts {
  const lastModifiedMs = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(lastModifiedMs) ? {} : { lastModifiedMs, resolutionMs };
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

import { Parser } from 'htmlparser2';
import { NoIndex } from './page-link.ts';

/** One entry of a sitemap, or of an index of sitemaps. */
export interface SitemapEntry {
  readonly kind: 'page' | 'sitemap';
  /** As it stands there, without the white space around it; '' where there is none. */
  readonly loc: string;
  readonly lastmod: string;
}

/** Reads one sitemap as it comes. */
export interface SitemapReader {
  /** @throws NoIndex as soon as it is clear. */
  write(chunk: Uint8Array): void;
  /** @throws NoIndex where what came is no sitemap, or only the beginning of one. */
  end(): void;
}

/** Far more than any URL has. */
const MOST_TEXT = 16_384;

/** A sitemap may have 50 MB (sitemaps.org, "Sitemap file"); what unpacks to this is no sitemap. */
const MOST_BYTES = 1024 ** 3;

const ENTRIES: ReadonlyMap<string, SitemapEntry['kind']> = new Map([
  ['urlset/url', 'page'],
  ['sitemapindex/sitemap', 'sitemap'],
]);

/**
 * Reads the XML of sitemaps.org, which is always UTF-8. What other vocabularies add to an entry
 * (pictures, films, languages) is no entry.
 */
export function sitemapPage(onEntry: (entry: SitemapEntry) => void): SitemapReader {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const path: string[] = [];
  let texts: Record<string, string> = {};
  let root: string | undefined;
  let isWhole = false;
  let bytes = 0;
  const parser = new Parser(
    {
      onopentag: (name) => {
        root ??= rootOf(name);
        path.push(name);
        if (path.length === 2) texts = {};
      },
      ontext: (part) => {
        const name = path.length === 3 ? path[2] : undefined;
        if (name !== 'loc' && name !== 'lastmod') return;
        const text = `${texts[name] ?? ''}${part}`;
        if (text.length > MOST_TEXT) throw new NoIndex(`a <${name}> has no end`);
        texts[name] = text;
      },
      onclosetag: (_, isImplied) => {
        if (isImplied) return;
        const kind = path.length === 2 ? ENTRIES.get(path.join('/')) : undefined;
        path.pop();
        if (path.length === 0) isWhole = true;
        if (kind === undefined) return;
        const { loc = '', lastmod = '' } = texts;
        onEntry({ kind, loc: loc.trim(), lastmod: lastmod.trim() });
      },
    },
    { xmlMode: true, decodeEntities: true },
  );
  const decode = (chunk: Uint8Array | undefined): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw new NoIndex('it is not UTF-8');
    }
  };
  return {
    write: (chunk) => {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) throw new NoIndex('it has more than 1 GiB');
      parser.write(decode(chunk));
    },
    end: () => {
      parser.write(decode(undefined));
      parser.end();
      if (root === undefined) throw new NoIndex('it is no XML');
      if (!isWhole) throw new NoIndex('it is cut: its XML has no end');
    },
  };
}

function rootOf(name: string): string {
  if (name === 'urlset' || name === 'sitemapindex') return name;
  throw new NoIndex(`it is <${name.slice(0, 60)}>, expected <urlset> or <sitemapindex>`);
}

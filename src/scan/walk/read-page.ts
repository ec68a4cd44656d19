import { htmlPage } from './html-page.ts';
import { jsonPage } from './json-page.ts';
import type { OnLink, PageReader } from './page-link.ts';
import { xmlPage } from './xml-page.ts';

/** Asked for in this order; Caddy answers JSON to whoever takes it at all. */
export const INDEX_TYPES = 'text/html, application/json;q=0.9, application/xml;q=0.8, */*;q=0.1';

/**
 * The reader for an answer of a Content-Type.
 * @returns undefined where a page of that type is no index.
 */
export function readPage(contentType: string | undefined, onLink: OnLink): PageReader | undefined {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim());
  switch (type.toLowerCase()) {
    case 'text/html':
    case 'application/xhtml+xml':
      return htmlPage(charsetOf(parameters), onLink);
    case 'application/json':
      return jsonPage(onLink);
    case 'text/xml':
    case 'application/xml':
      return xmlPage(onLink);
    default:
      return undefined;
  }
}

function charsetOf(parameters: readonly string[]): string | undefined {
  const charset = parameters.find((parameter) => /^charset=/i.test(parameter));
  return charset?.slice('charset='.length).replaceAll('"', '');
}

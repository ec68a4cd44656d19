import { Parser } from 'htmlparser2';

/** What a reader tells of the elements that it sees. Namespace prefixes are left out of names. */
export interface XmlListener {
  /** @param path names from the root on, joined with `/`. */
  readonly onOpen?: (path: string) => void;
  /** @param text the element's own text, entities decoded, children's text left out. */
  readonly onClose: (path: string, text: string) => void;
}

/** Reads a document in pieces that may be cut anywhere. */
export interface XmlReader {
  write(text: string): void;
  /**
   * @returns the name of the root where it was opened and closed, and everything in it as well; else
   * the XML is not whole.
   */
  end(): string | undefined;
}

const NAMED_ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

const LAST_CODE_POINT = 0x10ffff;

/** Makes a reader for one document. It never throws: broken XML only has no closed root. */
export function xmlReader(listener: XmlListener): XmlReader {
  const paths: string[] = [];
  const texts: string[] = [];
  let root: string | undefined;
  let isWhole = false;
  let isMatched = true;
  let inCdata = false;
  const parser = new Parser(
    {
      onopentag: (name) => {
        const parent = paths.at(-1);
        const own = localName(name);
        const path = parent === undefined ? own : `${parent}/${own}`;
        root ??= path;
        paths.push(path);
        texts.push('');
        listener.onOpen?.(path);
      },
      onclosetag: (_, isImplied) => {
        const path = paths.pop() ?? '';
        const text = texts.pop() ?? '';
        if (isImplied) {
          // The parser closes what somebody else's end tag has left open: something is lost there.
          isMatched = false;
          return;
        }
        if (paths.length === 0) isWhole = true;
        listener.onClose(path, decodeEntities(text));
      },
      ontext: (text) => {
        const last = texts.length - 1;
        if (last < 0) return;
        texts[last] = `${texts[last] ?? ''}${inCdata ? text.replaceAll('&', '&amp;') : text}`;
      },
      oncdatastart: () => {
        inCdata = true;
      },
      oncdataend: () => {
        inCdata = false;
      },
    },
    // Entities are ours: the parser's own decoder turns &#x80; into a euro sign, as HTML does.
    { xmlMode: true, decodeEntities: false },
  );
  return {
    write: (text) => {
      parser.write(text);
    },
    end: () => {
      parser.end();
      return isWhole && isMatched ? root : undefined;
    },
  };
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (typeof name === 'string') return NAMED_ENTITIES[name] ?? whole;
    const code = typeof hex === 'string' ? parseInt(hex, 16) : Number(decimal);
    return code <= LAST_CODE_POINT ? String.fromCodePoint(code) : whole;
  });
}

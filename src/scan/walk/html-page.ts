import { Parser } from 'htmlparser2';
import { FactsBehindLink } from './facts-behind-link.ts';
import type { OnLink, PageReader } from './page-link.ts';

/** Text behind a link that is looked at for size and date: nginx pads it to a column of 50. */
const MOST_TEXT = 300;

/** A line that nothing but one plain link stands on, as servers write them by the thousand. */
const PLAIN_LINE = /^ *<a href="([^"&<>]*)">[^<]*<\/a>([^<\n]*)\n$/;

/** A longer line is no line of an index; it is read as it comes. */
const MOST_LINE = 64 * 1024;

/**
 * Reads an HTML index: every `<a href>`, with what stands behind it on its line where a known
 * server put it there. Names come from the href alone, because servers cut the text.
 * @param charset what the answer's Content-Type names; undefined: UTF-8
 */
export function htmlPage(charset: string | undefined, onLink: OnLink): PageReader {
  const decoder = decoderOf(charset);
  const lines = new HtmlLines(onLink);
  return {
    write: (chunk) => {
      lines.write(decoder.decode(chunk, { stream: true }));
    },
    end: () => {
      lines.write(decoder.decode());
      return lines.end();
    },
  };
}

/**
 * Hands lines to an HTML parser, but those that are plain links behind one that the parser itself
 * took for such a line: there it can't be inside of a comment, a script or a tag, so these lines
 * mean what they look like. It makes long indexes five times faster to read.
 */
class HtmlLines {
  readonly #links: ParsedLinks;
  readonly #facts = new FactsBehindLink();
  readonly #onLink: OnLink;
  #tail = '';
  #isPlain = false;

  constructor(onLink: OnLink) {
    this.#onLink = onLink;
    this.#links = new ParsedLinks(onLink, this.#facts);
  }

  write(text: string): void {
    const all = this.#tail + text;
    let at = 0;
    for (let end = all.indexOf('\n'); end >= 0; end = all.indexOf('\n', at)) {
      this.#line(all.slice(at, end + 1));
      at = end + 1;
    }
    this.#tail = all.slice(at);
    if (this.#tail.length <= MOST_LINE) return;
    this.#parse(this.#tail, undefined);
    this.#tail = '';
  }

  /** @returns whether the page itself closed its body. */
  end(): boolean {
    this.#parse(this.#tail, undefined);
    return this.#links.end();
  }

  #line(line: string): void {
    const [, href, behind = ''] = PLAIN_LINE.exec(line) ?? [];
    if (href === undefined || !this.#isPlain) this.#parse(line, href);
    else this.#onLink({ kind: 'href', href, facts: this.#facts.read(behind) });
  }

  /** @param href what the line looks as if it linked, where it looks plain. */
  #parse(text: string, href: string | undefined): void {
    this.#links.given = [];
    this.#links.write(text);
    const [one, ...others] = this.#links.given;
    this.#isPlain = href !== undefined && one === href && others.length === 0;
  }
}

/** The links that an HTML parser finds, each given when its line ends or the next element begins. */
class ParsedLinks {
  /** Links given since it was emptied. */
  given: string[] = [];
  readonly #onLink: OnLink;
  readonly #facts: FactsBehindLink;
  readonly #parser: Parser;
  #href: string | undefined;
  #behind: string | undefined;
  #isEnded = false;

  constructor(onLink: OnLink, facts: FactsBehindLink) {
    this.#onLink = onLink;
    this.#facts = facts;
    this.#parser = new Parser({
      onopentag: (name, attributes) => {
        this.#give();
        if (name === 'a') this.#href = attributes['href'];
      },
      ontext: (text) => {
        this.#text(text);
      },
      onclosetag: (name) => {
        if (name === 'a' && this.#href !== undefined) this.#behind = '';
        else this.#give();
        if (name === 'html' || name === 'body') this.#isEnded = true;
      },
    });
  }

  write(text: string): void {
    this.#parser.write(text);
  }

  end(): boolean {
    // The parser closes what is open; only what the page itself closed says that it is whole.
    const saidSo = this.#isEnded;
    this.#parser.end();
    this.#give();
    return saidSo;
  }

  #text(text: string): void {
    if (this.#behind === undefined) return;
    const end = text.indexOf('\n');
    this.#behind += end < 0 ? text : text.slice(0, end);
    if (end >= 0 || this.#behind.length > MOST_TEXT) this.#give();
  }

  #give(): void {
    const href = this.#href;
    if (href === undefined) return;
    const facts = this.#facts.read(this.#behind ?? '');
    this.#href = undefined;
    this.#behind = undefined;
    this.given.push(href);
    this.#onLink({ kind: 'href', href, facts });
  }
}

/** An unknown charset is read as UTF-8; links of index pages are percent-encoded anyway. */
function decoderOf(charset: string | undefined): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(charset ?? 'utf-8');
  } catch {
    return new TextDecoder('utf-8');
  }
}

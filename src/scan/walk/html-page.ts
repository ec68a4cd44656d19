import { Parser } from 'htmlparser2';
import { FactsBehindLink } from './facts-behind-link.ts';
import { pageText } from './page-text.ts';
import { type PlainLink, plainLink } from './plain-link.ts';
import type { OnLink, PageReader } from './page-link.ts';

/** Text behind a link that is looked at for size and date: nginx pads it to a column of 50. */
const MOST_TEXT = 300;

/** A longer line is no line of an index; it is read as it comes. */
const MOST_LINE = 64 * 1024;

/**
 * Reads an HTML index: every `<a href>`, with what stands behind it on its line where a known
 * server put it there. Names come from the href alone, because servers cut the text.
 * @param charset what the answer's Content-Type names; undefined: UTF-8
 */
export function htmlPage(charset: string | undefined, onLink: OnLink): PageReader {
  const text = pageText(charset);
  const lines = new HtmlLines(onLink);
  return {
    write: (chunk) => {
      lines.write(text(chunk));
    },
    end: () => {
      lines.write(text(undefined));
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
    let at = 0;
    let end = text.indexOf('\n');
    if (end >= 0 && this.#tail !== '') {
      // Only the line that was cut is put together: what is joined is slower to read.
      const line = this.#tail + text.slice(0, end + 1);
      this.#tail = '';
      this.#line(line, 0, line.length - 1);
      at = end + 1;
      end = text.indexOf('\n', at);
    }
    for (; end >= 0; end = text.indexOf('\n', at)) {
      this.#line(text, at, end);
      at = end + 1;
    }
    this.#tail += text.slice(at);
    if (this.#tail.length <= MOST_LINE) return;
    this.#parse(this.#tail, undefined);
    this.#tail = '';
  }

  /** @returns whether the page itself closed its body. */
  end(): boolean {
    this.#parse(this.#tail, undefined);
    return this.#links.end();
  }

  #line(text: string, start: number, end: number): void {
    const plain = plainLink(text, start, end);
    if (plain === undefined || !this.#isPlain) this.#parse(text.slice(start, end + 1), plain);
    else {
      const facts = this.#facts.readAt(text, plain.behind, end);
      this.#onLink({ kind: 'href', href: plain.href, facts });
    }
  }

  /** @param plain what the line looks as if it linked, where it looks plain. */
  #parse(text: string, plain: PlainLink | undefined): void {
    this.#links.given = [];
    this.#links.write(text);
    const [one, ...others] = this.#links.given;
    this.#isPlain = plain !== undefined && one === plain.href && others.length === 0;
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

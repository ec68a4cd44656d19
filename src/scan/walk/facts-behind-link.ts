import { type ListedFacts, NO_FACTS } from './page-link.ts';

/** nginx: `21-Nov-2026 18:01    1234`, right-aligned in a fixed width. */
const NGINX_DATE = /^\d{2}-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-\d{4} \d{2}:\d{2}$/;
const NGINX_DATE_LENGTH = 'DD-Mon-YYYY HH:MM'.length;
const NGINX_SIZE = /^ +(\d{1,15}|-|\d+[KMG])$/;
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const MONTH_LETTERS = 3;

/** Apache's fancy index: `2026-11-21 18:01   12`; a size with a letter behind it was rounded. */
const APACHE = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2} +(\d{1,3})$/;

const MINUTE_MS = 60_000;

/** No file has more bytes than so many digits can say. */
const MOST_DIGITS = 15;
const [SPACE, CR, ZERO] = [0x20, 0x0d, 0x30];

/**
 * Reads the text that servers put behind a link: size and date, where it is in the form of nginx
 * (dates in UTC unless `autoindex_localtime` is on, in whole minutes; ngx_http_autoindex_module) or
 * Apache (whose dates are local times, so they are left out). Rounded sizes are left out.
 */
export class FactsBehindLink {
  #lastDate = '';
  #lastMs = 0;
  #last: ListedFacts = NO_FACTS;

  /** As `read` of that part of the text, which is not cut out where it is as nginx has it. */
  readAt(text: string, from: number, end: number): ListedFacts {
    let at = behindSpaces(text, from);
    const isDated = this.#lastDate !== '' && text.startsWith(this.#lastDate, at);
    const dateEnd = at + NGINX_DATE_LENGTH;
    at = behindSpaces(text, dateEnd);
    if (!isDated || at === dateEnd) return this.read(text.slice(from, end));
    let size = 0;
    const digits = at;
    for (let digit = digitAt(text, at); digit >= 0; digit = digitAt(text, at)) {
      size = size * 10 + digit;
      at += 1;
    }
    const rest = end - at;
    const isEnd = rest === 0 || (rest === 1 && text.charCodeAt(at) === CR);
    if (!isEnd || at === digits || at - digits > MOST_DIGITS) {
      return this.read(text.slice(from, end));
    }
    if (this.#last.size !== size || this.#last.lastModifiedMs !== this.#lastMs) {
      this.#last = { size, lastModifiedMs: this.#lastMs, resolutionMs: MINUTE_MS };
    }
    return this.#last;
  }

  read(behind: string): ListedFacts {
    const text = behind.trim();
    if (text.length < NGINX_DATE_LENGTH) return NO_FACTS;
    const date = text.slice(0, NGINX_DATE_LENGTH);
    // Neighbours in an index often have one date.
    if (date !== this.#lastDate) {
      if (!NGINX_DATE.test(date)) return apacheFacts(text);
      this.#lastDate = date;
      this.#lastMs = nginxMs(date);
    }
    const [, size] = NGINX_SIZE.exec(text.slice(NGINX_DATE_LENGTH)) ?? [];
    if (size === undefined) return NO_FACTS;
    const lastModifiedMs = this.#lastMs;
    const bytes = Number(size);
    return Number.isNaN(bytes)
      ? { lastModifiedMs, resolutionMs: MINUTE_MS }
      : { size: bytes, lastModifiedMs, resolutionMs: MINUTE_MS };
  }
}

function behindSpaces(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === SPACE) at += 1;
  return at;
}

/** @returns -1 where it is none. */
function digitAt(text: string, at: number): number {
  const digit = text.charCodeAt(at) - ZERO;
  return digit >= 0 && digit <= 9 ? digit : -1;
}

function nginxMs(date: string): number {
  const [day, month = '', year, hour, minute] = date.split(/[- :]/);
  const index = MONTHS.indexOf(month) / MONTH_LETTERS;
  return Date.UTC(Number(year), index, Number(day), Number(hour), Number(minute));
}

function apacheFacts(text: string): ListedFacts {
  const [, size] = APACHE.exec(text) ?? [];
  return size === undefined ? NO_FACTS : { size: Number(size) };
}

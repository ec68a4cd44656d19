import type { Headers } from '../model/ports.ts';
import {
  asWords,
  decodeWords,
  encodeWords,
  textProblem,
  utf8Text,
  wordsText,
} from './encoded-words.ts';

/** How S3 spells user metadata. */
export const METADATA_PREFIX = 'x-amz-meta-';

/** Headers that S3 keeps in fields of their own (AWS S3 API Reference, PutObject). */
const FIELDS: ReadonlySet<string> = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
]);

/** Whether S3 keeps this header, by its lower-case name, in a field of its own. */
export const isField = (name: string): boolean => FIELDS.has(name);

// eslint-disable-next-line no-control-regex
const ASCII = /^[\u0000-\u007f]*$/;

/** What stands between the separators of a header's value, without the blanks around it. */
const RUN = /[^ \t";,=](?:[^";,=]*[^ \t";,=])?/g;

const WORD_RUN = /=\?utf-8\?[bq]\?[^?\s]*\?=(?: =\?utf-8\?[bq]\?[^?\s]*\?=)*/gi;

/** User metadata as it is sent to a store: see {@link encodeWords}. */
export const metadataHeader = (text: string): string => encodeWords(text);

/** The text of user metadata, whose `value` has the bytes of the header as Latin-1 characters. */
export function metadataText(value: string): string {
  if (!ASCII.test(value)) return byteText(value);
  return value.includes('=?') ? decodeWords(value) : value;
}

/**
 * A header that S3 has a field for, as it is sent to a store: ASCII as it is, byte for byte, for it
 * is meant for browsers. Some stores refuse raw UTF-8 there and others garble it, so of other texts
 * the runs between separators that are not ASCII become encoded words:
 * `filename="=?UTF-8?B?w6Q=?="`, which browsers read in a Content-Disposition.
 */
export function fieldHeader(text: string): string {
  if (ASCII.test(text)) return text;
  if (text.includes('=?') || /^[ \t]|[ \t]$/.test(text)) return asWords(text);
  return text.replace(RUN, (run) => (ASCII.test(run) ? run : asWords(run)));
}

/**
 * The text of a header that S3 has a field for, whose `value` has its bytes as Latin-1 characters.
 * Encoded words are read only where {@link fieldHeader} writes exactly these, so that a value goes
 * from store to store without changing a byte.
 */
export function fieldText(value: string): string {
  if (!ASCII.test(value)) return byteText(value);
  if (!value.includes('=?')) return value;
  const text = value.replace(WORD_RUN, (words) => wordsText(words) ?? words);
  return textProblem(text) === undefined && fieldHeader(text) === value ? text : value;
}

/** UTF-8 as some stores give it; else the bytes are Latin-1. */
function byteText(value: string): string {
  return utf8Text(Buffer.from(value, 'latin1')) ?? value;
}

/**
 * The headers of a store's answer with the texts that encoded words stand for, as if the store had
 * sent them in UTF-8: their bytes as Latin-1 characters, as HTTP brings all headers.
 */
export function withoutWords(headers: Headers): Headers {
  const given = Object.entries(headers).map(([name, value]) => {
    if (!value.includes('=?') || !ASCII.test(value)) return [name, value] as const;
    if (isField(name)) return [name, asBytes(fieldText(value))] as const;
    if (name.startsWith(METADATA_PREFIX)) return [name, asBytes(metadataText(value))] as const;
    return [name, value] as const;
  });
  return Object.fromEntries(given);
}

const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

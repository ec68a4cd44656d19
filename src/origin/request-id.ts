import type { Headers } from '../model/ports.ts';

/** Headers by which stores and sites name a request, those of their makers first. */
const NAMES = [
  'x-amz-request-id',
  'x-oss-request-id',
  'x-obs-request-id',
  'x-bce-request-id',
  'x-cos-request-id',
  'x-tos-request-id',
  'x-reqid',
  'x-request-id',
  'cf-ray',
];

/** Real ones have some twenty to seventy characters. */
const MOST_CHARACTERS = 128;
const PRINTABLE = /^[\x21-\x7e]+$/;

/**
 * What the other side calls the request that this answers, for its operators to find it by;
 * undefined where it says nothing, or nothing that could be passed on in a line.
 */
export function requestIdOf(headers: Headers): string | undefined {
  return NAMES.map((name) => headers[name]).find(
    (value) => value !== undefined && value.length <= MOST_CHARACTERS && PRINTABLE.test(value),
  );
}

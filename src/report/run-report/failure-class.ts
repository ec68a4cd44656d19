import type { FailureCode } from '../../model/failure.ts';

/** What kind of trouble a failure is: who has to do something about it. */
export const FAILURE_CLASSES = [
  'origin missing',
  'origin trouble',
  'content refused',
  'integrity',
  'bucket',
  'key or metadata',
  'configuration',
  'bug',
] as const;

export type FailureClass = (typeof FAILURE_CLASSES)[number];

const CLASSES: Readonly<Record<FailureCode, FailureClass>> = {
  ORIGIN_NOT_FOUND: 'origin missing',
  ORIGIN_ARCHIVED: 'origin trouble',
  ORIGIN_STATUS: 'origin trouble',
  ORIGIN_UNREACHABLE: 'origin trouble',
  ORIGIN_TIMEOUT: 'origin trouble',
  ORIGIN_CHANGED: 'integrity',
  LENGTH_MISMATCH: 'integrity',
  DIGEST_MISMATCH: 'integrity',
  LENGTH_UNKNOWN: 'content refused',
  CONTENT_REJECTED: 'content refused',
  REDIRECT_REFUSED: 'configuration',
  ADDRESS_REFUSED: 'configuration',
  LOOP_DETECTED: 'configuration',
  BUCKET_REFUSED: 'bucket',
  BUCKET_THROTTLED: 'bucket',
  BUCKET_UNREACHABLE: 'bucket',
  KEY_INVALID: 'key or metadata',
  METADATA_TOO_LARGE: 'key or metadata',
  INTERNAL: 'bug',
};

const ADVICE: Readonly<Record<FailureClass, string>> = {
  'origin missing':
    'No address has these objects: check the rule that leads to them, or take the keys out of the list.',
  'origin trouble':
    'The origin did not give these objects: see to it, or add another address, then retry.',
  'content refused':
    'The answers are not what may be stored: look at one, and at store.private, store.unknownLength and store.requireLength.',
  integrity:
    'What came is not what was declared, or changed meanwhile: retry; where it stays so, the origin or a cache before it is broken.',
  bucket:
    'The bucket did not take these objects: check its permissions, quota and limits, then retry.',
  'key or metadata':
    'The bucket has no room for these names or headers: rename them at the origin, or store fewer headers.',
  configuration:
    'The rules lead where nobody may go: correct the addresses, or allow them (allowPrivate, followRedirects), then run again.',
  bug: 'This program is at fault: please report it with the message.',
};

/** The class of a failure. */
export function failureClass(code: FailureCode): FailureClass {
  return CLASSES[code];
}

/** What to do about failures of a class, in a sentence or two. */
export function failureAdvice(kind: FailureClass): string {
  return ADVICE[kind];
}

import type { Answer } from '../support/ask.ts';
import type { SoakObjects, Version } from './soak-objects.ts';

/** What a client asked, as far as it decides what it may get. */
export interface Question {
  readonly key: string;
  readonly method: 'GET' | 'HEAD';
  readonly headers: Readonly<Record<string, string>>;
}

/** Answers that say that there is none, and why. */
const REFUSALS: ReadonlySet<number> = new Set([424, 503]);

/**
 * Holds an answer against everything that it may be. An answer that was cut is no answer, but what
 * came of it must have been one's beginning.
 * @returns what is wrong with it
 */
export function judgeAnswer(
  objects: SoakObjects,
  question: Question,
  answer: Answer,
): string | undefined {
  const { status } = answer;
  const why = judge(objects, question, answer);
  if (why === undefined) return undefined;
  const { key, method, headers } = question;
  return `${method} ${key} ${JSON.stringify(headers)}: ${status} ${JSON.stringify(answer.headers)} with ${answer.body.length} bytes${answer.cut ? ', cut' : ''}: ${why}`;
}

function judge(objects: SoakObjects, question: Question, answer: Answer): string | undefined {
  const { key } = question;
  const { status, headers } = answer;
  const versions = objects.versions(key);
  switch (status) {
    case 200:
    case 206:
      return judgeObject(versions, question, answer);
    case 302:
      return unless(key.startsWith('r/') && headers['location']?.endsWith(`/${key}`), 'no way');
    case 304:
      return judgeUnmodified(versions, question, answer);
    case 404:
      return unless(objects.current(key) === undefined, 'it is there');
    case 412:
      return unless(question.headers['if-match'] !== undefined, 'there was no condition');
    case 416:
      return unless(versions.some(isOut(question)), 'the range is there');
    default:
      return unless(REFUSALS.has(status), 'nothing accounts for that answer');
  }
}

function unless(isRight: boolean | undefined, why: string): string | undefined {
  return isRight === true ? undefined : why;
}

function judgeObject(
  versions: readonly Version[],
  { method, headers }: Question,
  answer: Answer,
): string | undefined {
  const told = answer.headers['etag'];
  const sameEtag = versions.filter(({ etag }) => told === undefined || etag === told);
  if (sameEtag.length === 0) return 'the ETag of no version';
  if (told !== undefined && told === headers['if-none-match']) return 'the client has it';
  if (headers['if-match'] !== undefined && headers['if-match'] !== told) return 'not that version';
  if (answer.status === 206) return judgePart(sameEtag, headers, answer);
  const length = answer.headers['content-length'];
  if (method === 'HEAD') {
    const isSize = sameEtag.some(({ bytes }) => Number(length ?? bytes.length) === bytes.length);
    return isSize ? undefined : 'the size of no version';
  }
  const { body, cut } = answer;
  // Where only the end of the connection marks the end of the body, nobody says that it is whole.
  const isOpen = length === undefined && answer.headers['transfer-encoding'] === undefined;
  const isOne = sameEtag.some(
    ({ bytes }) =>
      (cut || isOpen || bytes.length === body.length) &&
      bytes.subarray(0, body.length).equals(body),
  );
  return isOne ? undefined : 'the bytes of no version';
}

function judgePart(
  versions: readonly Version[],
  headers: Question['headers'],
  { headers: told, body, cut }: Answer,
): string | undefined {
  const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(told['content-range'] ?? '') ?? [];
  if (from === undefined || to === undefined) return 'a part that is not told';
  const condition = headers['if-range'];
  const isPinned = condition?.startsWith('"') === true && condition === told['etag'];
  if (condition !== undefined && !isPinned) return 'a part of what may be another version';
  const [first, last] = [Number(from), Number(to)];
  const isOne = versions.some(
    ({ bytes }) =>
      bytes.length === Number(total) &&
      (cut || body.length === last - first + 1) &&
      bytes.subarray(first, first + body.length).equals(body),
  );
  return isOne ? undefined : 'the part of no version';
}

function judgeUnmodified(
  versions: readonly Version[],
  { headers }: Question,
  answer: Answer,
): string | undefined {
  const known = headers['if-none-match'];
  if (known === undefined) return 'nothing that the client said it has';
  const told = answer.headers['etag'];
  const isIt = versions.some(({ etag }) => etag === known) && (told ?? known) === known;
  return isIt ? undefined : 'not the version that the client has';
}

const isOut =
  ({ headers }: Question) =>
  ({ bytes }: Version): boolean => {
    const [, first = '0'] = /^bytes=(\d+)-/.exec(headers['range'] ?? '') ?? [];
    return bytes.length <= Number(first);
  };

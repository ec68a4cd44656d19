import { Failure } from '../model/failure.ts';
import { durationText } from './duration-text.ts';
import { errors } from './undici.ts';

/** The `code` of a system, TLS or undici error; '' where it has none. */
function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** What was thrown, as an Error; anything else becomes the cause of one. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new Error(typeof thrown === 'string' ? thrown : 'given up', { cause: thrown });
}

/** The first line of what an error says; an AggregateError speaks through its first member. */
function errorText(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return errorText(error.errors[0]);
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s*[\r\n].*$/s, '');
}

const NOT_KNOWN_HERE =
  'its certificate is signed by nobody trusted here: give the authority as `ca`';

/** What an error of dialling means, by its code. */
const DIAL_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused: nothing listens there',
  ECONNRESET: 'the connection was reset while it was being made',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
  ENOTFOUND: 'the name does not resolve: check the host in the URL',
  EAI_AGAIN: 'the name could not be resolved just now: check the DNS servers',
  CERT_HAS_EXPIRED: 'its certificate has expired: have it renewed',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: check the clocks',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed: give it as `ca`',
  SELF_SIGNED_CERT_IN_CHAIN: NOT_KNOWN_HERE,
  UNABLE_TO_GET_ISSUER_CERT: NOT_KNOWN_HERE,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_KNOWN_HERE,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NOT_KNOWN_HERE,
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there: is the URL one of http?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS there: is the URL one of http?',
};

/** An error of name resolution, TCP or TLS as a failure of `where`, the site that was dialled. */
export function dialFailure(where: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const code = errorCode(error);
  const detail = errorText(error);
  const meaning =
    code === 'ERR_TLS_CERT_ALTNAME_INVALID'
      ? 'its certificate names another host: set `serverName` if that is intended'
      : (DIAL_ERRORS[code] ?? 'the connection failed');
  return new Failure('ORIGIN_UNREACHABLE', `${where}: ${meaning} (${detail || code})`, {
    cause: error,
  });
}

/** An error before the answer's head was complete, as a failure of `what`, method and URL. */
export function headFailure(what: string, error: unknown, maxHeaderBytes: number): Failure {
  if (error instanceof Failure) return error;
  // So undici calls a head that tells several lengths; it sees the body before it sees the head.
  if (errorCode(error) === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
    const line = `${what}: the answer contradicts itself about its length`;
    return new Failure('LENGTH_MISMATCH', line, { cause: error });
  }
  const line = `${what}: ${headProblem(error, maxHeaderBytes)}`;
  return new Failure('ORIGIN_UNREACHABLE', line, { cause: error });
}

function headProblem(error: unknown, maxHeaderBytes: number): string {
  if (errorCode(error) === 'UND_ERR_HEADERS_OVERFLOW') {
    return `the answer has more than ${String(maxHeaderBytes)} bytes of headers`;
  }
  return error instanceof errors.HTTPParserError
    ? `the answer is not proper HTTP/1.1 (${errorText(error)})`
    : `the connection ended before the answer's head was complete (${errorText(error)})`;
}

/** An error after the head: whatever broke, the body is not whole. */
export function bodyFailure(
  what: string,
  error: unknown,
  receivedBytes: number,
  declaredBytes: number | undefined,
): Failure {
  if (error instanceof Failure) return error;
  const expected =
    declaredBytes === undefined ? 'its end never came' : `of ${String(declaredBytes)} declared`;
  const line = `${what}: the body is cut: ${String(receivedBytes)} bytes came, ${expected} (${errorText(error)})`;
  return new Failure('LENGTH_MISMATCH', line, { cause: error });
}

/** Nothing more of a body came for so long. */
export function stalledFailure(what: string, idleMs: number, receivedBytes: number): Failure {
  const after = `after ${String(receivedBytes)} bytes`;
  const line = `${what}: the body stalled for ${durationText(idleMs)} (timeouts.idle) ${after}`;
  return new Failure('ORIGIN_TIMEOUT', line);
}

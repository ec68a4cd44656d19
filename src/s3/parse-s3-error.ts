import type { ResponseHead } from '../http/response-head.ts';
import { retryAfterMs } from '../http/retry-after.ts';
import type { Headers } from '../model/ports.ts';
import { maskSignatures, type Mask } from './mask-secrets.ts';
import { xmlReader } from './read-xml.ts';
import { REQUEST_ID_FIELDS } from './request-id.ts';
import { ADVICE_BY_CODE } from './s3-error-advice.ts';
import { S3Error, type S3ErrorDetails } from './s3-error.ts';

/** An error's body is read up to here, in bytes; S3's own have about 300. */
export const MAX_ERROR_BYTES = 64 * 1024;

/** Characters of the store's words that are shown. */
const MAX_SAID = 400;

/** Characters of an id, a region or a host that are shown. */
const MAX_ID = 200;

/** What a status means where no body says more, as after HEAD. */
const CODE_OF_STATUS: Readonly<Record<number, string>> = {
  301: 'PermanentRedirect',
  307: 'TemporaryRedirect',
  400: 'BadRequest',
  401: 'AccessDenied',
  403: 'AccessDenied',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  408: 'RequestTimeout',
  409: 'Conflict',
  411: 'MissingContentLength',
  412: 'PreconditionFailed',
  413: 'EntityTooLarge',
  416: 'InvalidRange',
  429: 'TooManyRequests',
  500: 'InternalError',
  501: 'NotImplemented',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
  504: 'GatewayTimeout',
  507: 'InsufficientStorage',
  509: 'BandwidthLimitExceeded',
};

/** Fields by which stores tell the code of an answer that has no body. */
const CODE_FIELDS = ['x-amz-error-code', 'x-minio-error-code'];

/** What stands right below an error; some stores wrap theirs as other AWS services do. */
const ERROR_CHILD = /^(?:ErrorResponse\/)?Error\/([^/]+)$/;

/** The elements of an error, by name; undefined where the body is no S3 error. */
type ErrorElements = ReadonlyMap<string, string>;

/**
 * Reads an answer that refused a request. The body may be missing, cut, or a proxy's page: then the
 * status speaks.
 *
 * Stores echo what they were sent, keys and signatures included. Only a few elements are read, and
 * what is kept of them goes through `mask` before anything is cut off.
 * @param body at most {@link MAX_ERROR_BYTES}.
 * @param attempts requests made so far, this one included.
 * @param mask takes the request's secrets out; what a signature is made of goes in any case.
 */
export function parseS3Error(
  head: Pick<ResponseHead, 'status' | 'headers'> & Pick<S3ErrorDetails, 'answer'>,
  body: Uint8Array,
  nowMs: number,
  attempts: number,
  mask: Mask = maskSignatures,
): S3Error {
  const { status, headers } = head;
  const elements = errorElements(body);
  const code = codeIn(elements, headers) || codeOfStatus(status);
  const shown = (text: string | undefined, limit: number): string | undefined =>
    text === undefined || text === '' ? undefined : printable(mask(text), limit);
  const region = headers['x-amz-bucket-region'] ?? elements?.get('Region');
  const endpoint = elements?.get('Endpoint') ?? hostOf(headers['location']);
  return new S3Error({
    // A known code is no secret, though a short key might be part of it.
    code: Object.hasOwn(ADVICE_BY_CODE, code) ? code : printable(mask(code), MAX_SAID),
    status,
    said: elements === undefined ? foreignBody(body, mask) : saidBy(elements, mask),
    requestId: shown(requestId(headers, elements), MAX_ID),
    retryAfterMs: retryAfterMs(headers['retry-after'], nowMs),
    region: shown(region, MAX_ID),
    attempts,
    endpoint: shown(endpoint, MAX_ID),
    answer: head.answer,
    serverTimeMs: dateMs(headers['date']) ?? dateMs(elements?.get('ServerTime')),
  });
}

/**
 * Finds the error in the body of an answer with status 200, which S3 sends where a request failed
 * after its head had gone out. Such an error counts as status 500.
 */
export function errorInSuccess(
  headers: Headers,
  body: Uint8Array,
  nowMs: number,
  attempts: number,
  mask: Mask = maskSignatures,
): S3Error | undefined {
  if (errorElements(body) === undefined) return undefined;
  return parseS3Error({ status: 500, headers }, body, nowMs, attempts, mask);
}

function errorElements(body: Uint8Array): ErrorElements | undefined {
  if (body.length === 0) return undefined;
  const opened = new Set<string>();
  const elements = new Map<string, string>();
  const reader = xmlReader({
    onOpen: (path) => {
      opened.add(path);
    },
    onClose: (path, text) => {
      const [, name] = ERROR_CHILD.exec(path) ?? [];
      if (name !== undefined && !elements.has(name)) elements.set(name, text.trim());
    },
  });
  reader.write(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
  reader.end();
  return opened.has('Error') || opened.has('ErrorResponse/Error') ? elements : undefined;
}

function codeIn(elements: ErrorElements | undefined, headers: Headers): string | undefined {
  return (
    elements?.get('Code') ||
    CODE_FIELDS.map((field) => headers[field]).find((value) => value !== undefined)
  );
}

function codeOfStatus(status: number): string {
  return CODE_OF_STATUS[status] ?? (status >= 500 ? 'ServerError' : 'UnexpectedStatus');
}

/** The message, and the argument that it is about. */
function saidBy(elements: ErrorElements, mask: Mask): string {
  const message = elements.get('Message') ?? '';
  const argument = elements.get('ArgumentName') ?? elements.get('Header');
  return printable(mask(argument === undefined ? message : `${message} (${argument})`), MAX_SAID);
}

/** A page that a proxy or a load balancer answered with: the title says most. */
function foreignBody(body: Uint8Array, mask: Mask): string {
  if (body.length === 0) return '';
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8');
  const title = /<title[^>]*>([^<]*)</i.exec(text)?.[1];
  const shown = title ?? (/^\s*</.test(text) ? '' : text);
  const words = printable(mask(shown), 100);
  return words === '' ? 'no S3 error but something else' : `no S3 error but "${words}"`;
}

function requestId(headers: Headers, elements: ErrorElements | undefined): string | undefined {
  const ids = REQUEST_ID_FIELDS.map((field) => headers[field]).filter((id) => id !== undefined);
  return ids.length > 0 ? ids.join(' ') : elements?.get('RequestId');
}

function hostOf(location: string | undefined): string | undefined {
  return location === undefined || !URL.canParse(location) ? undefined : new URL(location).host;
}

function dateMs(text: string | undefined): number | undefined {
  const ms = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** One line that no terminal takes for anything but text. */
function printable(text: string, limit: number): string {
  const line = text.replace(/[\p{C}\s]+/gu, ' ').trim();
  return line.length <= limit ? line : `${line.slice(0, limit)}…`;
}

import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

import type { Headers } from '../model/ports.ts';
import { setHeader } from '../model/set-header.ts';
import type { AccessKeys } from './s3-store.ts';
import { signedNames, type SignedNames } from './signed-names.ts';

/** In the place of a payload's hash: the payload is not signed; TLS protects it. */
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';

/** SHA-256 of nothing. */
export const EMPTY_PAYLOAD = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** A request as it goes on the wire. */
export interface UnsignedRequest {
  readonly method: string;
  /** As in the request line, up to the query; S3 encodes it once and normalises nothing. */
  readonly path: string;
  /** As `canonicalQuery` writes it, and as it is sent. */
  readonly query: string;
  /** As the Host header carries it, which is signed as well. */
  readonly host: string;
  /** Lower-case names, all of which are signed. Latin-1 stands for bytes. */
  readonly headers: Headers;
  /** Hex SHA-256 of the body, or {@link UNSIGNED_PAYLOAD}. */
  readonly payloadHash: string;
}

/** Who signs, for which region, and when. */
export interface SigningContext {
  readonly keys: AccessKeys;
  readonly region: string;
  /** Milliseconds since the epoch, by the store's clock. */
  readonly nowMs: number;
}

/** @returns all header fields to send but `host`: the request's own, and the signature's. */
export type SignV4 = (request: UnsignedRequest, context: SigningContext) => Headers;

interface DerivedKey {
  readonly secret: string;
  readonly day: string;
  readonly region: string;
  readonly key: KeyObject;
}

/**
 * Makes a signer of AWS Signature Version 4 in headers, for the service `s3` (AWS IAM User Guide,
 * "Create a signed AWS API request"). What it returns depends on its arguments alone; the key
 * derived for a secret, day and region is kept from one request to the next.
 */
export function v4Signer(): SignV4 {
  let derived: DerivedKey | undefined;
  const basicTime = basicTimes();
  const namesOf = signedNames();
  return (request, { keys, region, nowMs }) => {
    const time = basicTime(nowMs);
    const day = time.slice(0, 8);
    const headers = fieldsOf(request, time, keys.sessionToken);
    const names = namesOf(Object.keys(headers));
    const scope = `${day}/${region}/s3/aws4_request`;
    const secret = keys.secretAccessKey;
    if (derived?.secret !== secret || derived.day !== day || derived.region !== region) {
      derived = { secret, day, region, key: deriveKey(secret, day, region) };
    }
    const digest = latin1Digest(canonicalRequest(request, headers, names));
    const signature = createHmac('sha256', derived.key)
      .update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${digest}`)
      .digest('hex');
    const credential = `${keys.accessKeyId}/${scope}`;
    headers['authorization'] =
      `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.list}, Signature=${signature}`;
    return headers;
  };
}

/** A copy, since the request may be sent, and signed, again. */
function fieldsOf(
  { headers, payloadHash }: UnsignedRequest,
  time: string,
  token: string | undefined,
): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const name of Object.keys(headers)) setHeader(fields, name, headers[name] ?? '');
  fields['x-amz-content-sha256'] = payloadHash;
  fields['x-amz-date'] = time;
  if (token !== undefined) fields['x-amz-security-token'] = token;
  return fields;
}

function canonicalRequest(
  { method, path, query, host, payloadHash }: UnsignedRequest,
  headers: Headers,
  names: SignedNames,
): string {
  let fields = '';
  for (const name of names.sorted) {
    fields += `${name}:${canonicalValue(name === 'host' ? host : (headers[name] ?? ''))}\n`;
  }
  return `${method}\n${path}\n${query}\n${fields}\n${names.list}\n${payloadHash}`;
}

/** Header values go on the wire as Latin-1; everything else is ASCII, and nearly all values are. */
function latin1Digest(text: string): string {
  const isAscii = Buffer.byteLength(text) === text.length;
  return hash('sha256', isAscii ? text : Buffer.from(text, 'latin1'), 'hex');
}

/** Gives times as `YYYYMMDD'T'HHMMSS'Z'`; all requests of one second share one text. */
function basicTimes(): (nowMs: number) => string {
  let second = NaN;
  let text = '';
  return (nowMs) => {
    const asked = Math.floor(nowMs / 1000);
    if (asked !== second) {
      text = `${new Date(asked * 1000).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
      second = asked;
    }
    return text;
  };
}

const TAB = 0x09;
const SPACE = 0x20;

/** Outer blanks go, inner runs become one; a no-break space is a byte like any other. */
function canonicalValue(value: string): string {
  // Most values need nothing done, though many have blanks: dates do.
  let isBehindBlank = true;
  for (let at = 0; at < value.length; at += 1) {
    const unit = value.charCodeAt(at);
    const isBlank = unit === SPACE || unit === TAB;
    if (isBlank && (isBehindBlank || unit === TAB)) return withoutBlanks(value);
    isBehindBlank = isBlank;
  }
  return isBehindBlank ? withoutBlanks(value) : value;
}

function withoutBlanks(value: string): string {
  return value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '');
}

function deriveKey(secret: string, day: string, region: string): KeyObject {
  const ofDay = hmac(`AWS4${secret}`, day);
  const ofService = hmac(hmac(ofDay, region), 's3');
  return createSecretKey(hmac(ofService, 'aws4_request'));
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

import type { Headers } from '../model/ports.ts';
import type { AccessKeys } from './s3-store.ts';

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
  /** Lower-case names, `host` among them; all of them are signed. Latin-1 stands for bytes. */
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

/** @returns the header fields to send beside the request's own. */
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
  return (request, { keys, region, nowMs }) => {
    const time = basicTime(nowMs);
    const day = time.slice(0, 8);
    const own = ownFields(request.payloadHash, time, keys.sessionToken);
    const headers = { ...request.headers, ...own };
    const names = Object.keys(headers).sort();
    const signedNames = names.join(';');
    const scope = `${day}/${region}/s3/aws4_request`;
    const secret = keys.secretAccessKey;
    if (derived?.secret !== secret || derived.day !== day || derived.region !== region) {
      derived = { secret, day, region, key: deriveKey(secret, day, region) };
    }
    let fields = '';
    for (const name of names) fields += `${name}:${canonicalValue(headers[name] ?? '')}\n`;
    const { method, path, query, payloadHash } = request;
    const canonical = `${method}\n${path}\n${query}\n${fields}\n${signedNames}\n${payloadHash}`;
    // Latin-1: header values go on the wire that way, and everything else is ASCII.
    const digest = hash('sha256', Buffer.from(canonical, 'latin1'), 'hex');
    const signature = createHmac('sha256', derived.key)
      .update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${digest}`)
      .digest('hex');
    const credential = `${keys.accessKeyId}/${scope}`;
    return {
      ...own,
      authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedNames}, Signature=${signature}`,
    };
  };
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

function ownFields(payloadHash: string, time: string, token: string | undefined): Headers {
  const fields = { 'x-amz-content-sha256': payloadHash, 'x-amz-date': time };
  return token === undefined ? fields : { ...fields, 'x-amz-security-token': token };
}

/** Outer blanks go, inner runs become one; a no-break space is a byte like any other. */
function canonicalValue(value: string): string {
  if (!/[ \t]/.test(value)) return value;
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

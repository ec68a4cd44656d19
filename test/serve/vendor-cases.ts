import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { RuleVendor } from '../../src/model/vendor-documents.ts';

/** A vendor's sample. */
export const sample = (name: string): string =>
  readFileSync(new URL(`../../samples/vendors/${name}`, import.meta.url), 'utf8');

/** Text of an element, as it stands in the XML. */
export const inXml = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];

/** What one vendor's calls are given and answer. */
export interface VendorCase {
  readonly vendor: RuleVendor;
  readonly path: string;
  readonly document: string;
  /** Statuses of the first PUT, and of the same again. */
  readonly put: readonly [number, number];
  readonly type: string;
  readonly errorType: string;
  readonly server: string;
  readonly idHeader: string;
  readonly idForm: RegExp;
  readonly codes: {
    readonly denied: string;
    readonly method: string;
    readonly digest: string;
    readonly malformed: string;
    readonly invalid: string;
    readonly absent: string;
  };
  /** A document that can be read, and is refused. */
  readonly invalid: string;
  /** Expects an error's body to tell this code and request. */
  readonly says: (body: string, code: string, id: string) => void;
}

function saysInXml(body: string, code: string, id: string): void {
  expect(body).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error>/);
  expect([inXml(body, 'Code'), inXml(body, 'RequestId')]).toEqual([code, id]);
  expect(inXml(body, 'Message')).toMatch(/./);
  expect(inXml(body, 'HostId')).toMatch(/./);
}

/** The fields of an error in JSON, and no others. */
function saysInJson(body: string, fields: Readonly<Record<string, unknown>>): void {
  const anyText: unknown = expect.stringMatching(/./);
  expect(JSON.parse(body)).toEqual({ message: anyText, ...fields });
}

export const VENDOR_CASES: readonly VendorCase[] = [
  {
    vendor: 'qingstor',
    path: '/?mirror',
    document: sample('qingstor.json'),
    put: [200, 200],
    type: 'application/json',
    errorType: 'application/json',
    server: 'QingStor',
    idHeader: 'x-qs-request-id',
    idForm: /^[0-9a-f]{32}$/,
    codes: {
      denied: 'permission_denied',
      method: 'method_not_allowed',
      digest: 'bad_digest',
      malformed: 'invalid_json',
      invalid: 'invalid_argument',
      absent: 'mirror_not_exists',
    },
    invalid: '{}',
    says: (body, code, request_id) => {
      const url = 'http://docs.qingcloud.com/qingstor/api/error_code.html';
      saysInJson(body, { code, request_id, url });
    },
  },
  {
    vendor: 'obs',
    path: '/?mirrorBackToSource',
    document: sample('obs.json'),
    put: [201, 200],
    type: 'application/json',
    errorType: 'application/xml',
    server: 'OBS',
    idHeader: 'x-obs-request-id',
    idForm: /^[0-9A-F]{32}$/,
    codes: {
      denied: 'AccessDenied',
      method: 'MethodNotAllowed',
      digest: 'BadDigest',
      malformed: 'MalformedPolicy',
      invalid: 'InvalidArgument',
      absent: 'NoSuchMirrorBackToSource',
    },
    invalid: '{"rules": []}',
    says: saysInXml,
  },
  {
    vendor: 'oss',
    path: '/?website',
    document: sample('oss.xml'),
    put: [200, 200],
    type: 'application/xml',
    errorType: 'application/xml',
    server: 'AliyunOSS',
    idHeader: 'x-oss-request-id',
    idForm: /^[0-9A-F]{24}$/,
    codes: {
      denied: 'AccessDenied',
      method: 'MethodNotAllowed',
      digest: 'BadDigest',
      malformed: 'MalformedXML',
      invalid: 'InvalidArgument',
      absent: 'NoSuchWebsiteConfiguration',
    },
    invalid: '<WebsiteConfiguration/>',
    says: saysInXml,
  },
  {
    vendor: 'bos',
    path: '/?mirroring',
    document: '{"bucketMirroringConfiguration":[{"sourceUrl":"http://o.example","mode":"fetch"}]}',
    put: [200, 200],
    type: 'application/json; charset=utf-8',
    errorType: 'application/json; charset=utf-8',
    server: 'BceBos',
    idHeader: 'x-bce-request-id',
    idForm: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    codes: {
      denied: 'AccessDenied',
      method: 'MethodNotAllowed',
      digest: 'BadDigest',
      malformed: 'MalformedJSON',
      invalid: 'InappropriateJSON',
      absent: 'NoSuchMirroring',
    },
    invalid: '{"bucketMirroringConfiguration":[]}',
    says: (body, code, requestId) => {
      saysInJson(body, { code, requestId });
    },
  },
];

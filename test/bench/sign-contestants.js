import { SignatureV4 } from '@smithy/signature-v4';
import { createHash, createHmac } from 'node:crypto';

import { EMPTY_PAYLOAD, v4Signer } from '../../dist/s3/sign-v4.js';

const KEYS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: undefined,
};
const NOW_MS = Date.UTC(2026, 10, 20, 4);
const HOST = 's3.example:9000';
const HEADERS = {
  'content-type': 'image/jpeg',
  'cache-control': 'max-age=3600',
  'x-amz-meta-bucketfill-etag': '"d41d8cd98f00b204e9800998ecf8427e"',
  'x-amz-meta-bucketfill-last-modified': 'Fri, 20 Nov 2026 04:00:00 GMT',
};

/** Signs one PutObject after another with our signer. */
export function ownSigner() {
  const sign = v4Signer();
  return (count) => {
    for (let index = 0; index < count; index += 1) {
      sign(
        {
          method: 'PUT',
          path: `/bucket/folder/object-${index}.jpg`,
          query: '',
          host: HOST,
          headers: HEADERS,
          payloadHash: EMPTY_PAYLOAD,
        },
        { keys: KEYS, region: 'us-east-1', nowMs: NOW_MS },
      );
    }
  };
}

/** The same with the SDK's signer, which is given Node's own hashes, as the SDK gives it. */
export function smithySigner() {
  const signer = new SignatureV4({
    service: 's3',
    region: 'us-east-1',
    credentials: KEYS,
    sha256: NodeSha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const signingDate = new Date(NOW_MS);
  return async (count) => {
    for (let index = 0; index < count; index += 1) {
      const request = {
        method: 'PUT',
        protocol: 'http:',
        hostname: 's3.example',
        path: `/bucket/folder/object-${index}.jpg`,
        query: {},
        headers: { ...HEADERS, host: HOST, 'x-amz-content-sha256': EMPTY_PAYLOAD },
      };
      await signer.sign(request, { signingDate });
    }
  };
}

class NodeSha256 {
  #hash;

  constructor(secret) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
  }

  update(data) {
    this.#hash.update(data);
  }

  digest() {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }
}

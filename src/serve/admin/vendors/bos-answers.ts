import type { VendorAnswers } from './vendor-answers.ts';

/**
 * Baidu BOS's (API reference: PutBucketMirroring, GetBucketMirroring, return a response, error
 * codes). A bucket without rules is `NoSuchMirroring`, as BOS-style gateways have it; Baidu's own
 * table names no code for it.
 */
export const bosAnswers: VendorAnswers = {
  put: { stored: 200, identical: 200 },
  documentType: 'application/json; charset=utf-8',
  errorType: 'application/json; charset=utf-8',
  problems: {
    denied: { status: 403, code: 'AccessDenied' },
    method: { status: 405, code: 'MethodNotAllowed' },
    digest: { status: 400, code: 'BadDigest' },
    malformed: { status: 400, code: 'MalformedJSON' },
    invalid: { status: 400, code: 'InappropriateJSON' },
    absent: { status: 404, code: 'NoSuchMirroring' },
  },
  errorBody: ({ code, message, requestId }) => JSON.stringify({ code, message, requestId }),
  headers: (requestId) => ({
    server: 'BceBos',
    'x-bce-request-id': requestId,
    'x-bce-debug-id': Buffer.from(requestId).toString('base64'),
  }),
};

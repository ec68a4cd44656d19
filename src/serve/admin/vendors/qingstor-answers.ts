import type { VendorAnswers } from './vendor-answers.ts';

/**
 * QingStor's (API reference: Put, Get and Delete Bucket External Mirror, error codes). No code is
 * documented for a bucket without a mirror; its name follows those of other things that are absent.
 */
export const qingstorAnswers: VendorAnswers = {
  put: { stored: 200, identical: 200 },
  documentType: 'application/json',
  errorType: 'application/json',
  problems: {
    denied: { status: 403, code: 'permission_denied' },
    method: { status: 405, code: 'method_not_allowed' },
    digest: { status: 400, code: 'bad_digest' },
    malformed: { status: 400, code: 'invalid_json' },
    invalid: { status: 400, code: 'invalid_argument' },
    absent: { status: 404, code: 'mirror_not_exists' },
  },
  errorBody: ({ code, message, requestId }) =>
    JSON.stringify({ code, message, request_id: idOf(requestId), url: HELP }),
  headers: (requestId) => ({
    server: 'QingStor',
    connection: 'close',
    'x-qs-request-id': idOf(requestId),
  }),
};

/** The page about errors that QingStor's own errors point to. */
const HELP = 'http://docs.qingcloud.com/qingstor/api/error_code.html';

/** 32 hex digits. */
function idOf(requestId: string): string {
  return requestId.replaceAll('-', '');
}

import { errorXml } from './error-xml.ts';
import type { VendorAnswers } from './vendor-answers.ts';

/**
 * Huawei OBS's (API reference: back-to-source by mirroring rules, common headers, error codes). A
 * bucket without rules is answered with 404, which Huawei's SDK expects; its code is documented
 * nowhere. DELETE of none succeeds.
 */
export const obsAnswers: VendorAnswers = {
  put: { stored: 201, identical: 200 },
  documentType: 'application/json',
  errorType: 'application/xml',
  problems: {
    denied: { status: 403, code: 'AccessDenied' },
    method: { status: 405, code: 'MethodNotAllowed' },
    digest: { status: 400, code: 'BadDigest' },
    malformed: { status: 400, code: 'MalformedPolicy' },
    invalid: { status: 400, code: 'InvalidArgument' },
    absent: { status: 404, code: 'NoSuchMirrorBackToSource' },
  },
  errorBody: ({ code, message, requestId }) =>
    errorXml({
      Code: code,
      Message: message,
      RequestId: idOf(requestId),
      HostId: traceOf(requestId),
    }),
  headers: (requestId) => ({
    server: 'OBS',
    'x-obs-request-id': idOf(requestId),
    'x-obs-id-2': traceOf(requestId),
  }),
};

/** 32 hex digits in capitals. */
function idOf(requestId: string): string {
  return requestId.replaceAll('-', '').toUpperCase();
}

/** Base64, as all traces of OBS. */
function traceOf(requestId: string): string {
  return Buffer.from(requestId).toString('base64');
}

import { errorXml } from './error-xml.ts';
import type { VendorAnswers } from './vendor-answers.ts';

/** Aliyun OSS's (API reference: PutBucketWebsite, GetBucketWebsite, DeleteBucketWebsite, errors). */
export const ossAnswers: VendorAnswers = {
  put: { stored: 200, identical: 200 },
  documentType: 'application/xml',
  errorType: 'application/xml',
  problems: {
    denied: { status: 403, code: 'AccessDenied' },
    method: { status: 405, code: 'MethodNotAllowed' },
    digest: { status: 400, code: 'BadDigest' },
    malformed: { status: 400, code: 'MalformedXML' },
    invalid: { status: 400, code: 'InvalidArgument' },
    absent: { status: 404, code: 'NoSuchWebsiteConfiguration' },
  },
  errorBody: ({ code, message, requestId, host }) =>
    errorXml({ Code: code, Message: message, RequestId: idOf(requestId), HostId: host }),
  headers: (requestId) => ({ server: 'AliyunOSS', 'x-oss-request-id': idOf(requestId) }),
};

/** 24 hex digits in capitals, the first of the id. */
function idOf(requestId: string): string {
  return requestId.replaceAll('-', '').slice(0, 24).toUpperCase();
}

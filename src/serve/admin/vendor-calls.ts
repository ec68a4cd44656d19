import { createHash } from 'node:crypto';
import type { RuleVendor } from '../../model/vendor-documents.ts';
import { type AdminAnswer, type AdminRequest, emptyAnswer, textAnswer } from './admin-answer.ts';
import { tokenProblem } from './admin-token.ts';
import { bosAnswers } from './vendors/bos-answers.ts';
import { obsAnswers } from './vendors/obs-answers.ts';
import { ossAnswers } from './vendors/oss-answers.ts';
import { qingstorAnswers } from './vendors/qingstor-answers.ts';
import type { CallProblem, VendorAnswers } from './vendors/vendor-answers.ts';

/** What vendors' calls act on. */
export interface VendorRules {
  /** The document as it was PUT; undefined where there is none. */
  document(vendor: RuleVendor): string | undefined;
  /**
   * Puts the rules in force and keeps them.
   * @returns `identical`: the same document was there already
   */
  put(vendor: RuleVendor, text: string): Promise<VendorPut>;
  /** Takes the vendor's rules out of force, if there are any. */
  remove(vendor: RuleVendor): Promise<void>;
}

/** What became of a PUT; what is refused leaves what was there. The message is one line. */
export type VendorPut =
  | { readonly outcome: 'stored' | 'identical' }
  | {
      readonly outcome: 'refused';
      readonly problem: 'malformed' | 'invalid';
      readonly message: string;
    };

/** By the sub-resource that the vendor's calls name. */
const CALLS: ReadonlyMap<string, { readonly vendor: RuleVendor; readonly as: VendorAnswers }> =
  new Map([
    ['mirror', { vendor: 'qingstor', as: qingstorAnswers }],
    ['mirrorBackToSource', { vendor: 'obs', as: obsAnswers }],
    ['website', { vendor: 'oss', as: ossAnswers }],
    ['mirroring', { vendor: 'bos', as: bosAnswers }],
  ]);

/** One call, and how its answers are told. */
interface Call {
  readonly rules: VendorRules;
  readonly vendor: RuleVendor;
  readonly request: AdminRequest;
  readonly as: VendorAnswers;
  readonly refuse: (problem: CallProblem, message: string) => AdminAnswer;
}

/**
 * Answers a call of a vendor's management interface as that vendor does: PUT, GET and DELETE of
 * `/?mirror` (QingStor), `/?mirrorBackToSource` (Huawei OBS), `/?website` (Aliyun OSS) and
 * `/?mirroring` (Baidu BOS). Each needs the admin token in place of the vendor's signature, GET too:
 * documents may hold secrets. What `rules` throws comes through.
 * @param requestId a UUID
 * @returns undefined where the request is no vendor's call
 */
export async function answerVendorCall(
  rules: VendorRules,
  token: string | undefined,
  request: AdminRequest,
  requestId: string,
): Promise<AdminAnswer | undefined> {
  const named = calledUpon(request);
  if (named === undefined) return undefined;
  const { vendor, as } = named;
  const refuse = (problem: CallProblem, message: string): AdminAnswer => {
    const { status, code } = as.problems[problem];
    const { host = '' } = request.headers;
    return textAnswer(status, as.errorType, as.errorBody({ code, message, requestId, host }));
  };
  const call = { rules, vendor, request, as, refuse };
  const denied = tokenProblem(token, request.headers.authorization);
  const answer = denied === undefined ? await answered(call) : refuse('denied', denied);
  return { ...answer, headers: { ...answer.headers, ...as.headers(requestId) } };
}

/** Below it lie the calls of Qiniu's prefetch. */
export const PREFETCH = '/prefetch/';

/** Whether that is asked by a vendor's own call, which needs a token or a signature. */
export function isVendorCall(asked: Pick<AdminRequest, 'path' | 'query'>): boolean {
  return asked.path.startsWith(PREFETCH) || calledUpon(asked) !== undefined;
}

/** A query that is the sub-resource and nothing else. */
function calledUpon({ path, query }: Pick<AdminRequest, 'path' | 'query'>) {
  const [only, ...more] = query;
  if (path !== '/' || only === undefined || more.length > 0) return undefined;
  const [name, value] = only;
  return value === '' ? CALLS.get(name) : undefined;
}

async function answered(call: Call): Promise<AdminAnswer> {
  const { rules, vendor, request, as, refuse } = call;
  switch (request.method) {
    case 'PUT':
      return put(call);
    case 'GET': {
      const text = rules.document(vendor);
      if (text === undefined) return refuse('absent', 'no rules were PUT');
      return textAnswer(200, as.documentType, text);
    }
    case 'DELETE':
      await rules.remove(vendor);
      return emptyAnswer(204);
    default: {
      const answer = refuse('method', 'only PUT, GET, HEAD and DELETE can be asked here');
      return { ...answer, headers: { ...answer.headers, allow: 'PUT, GET, HEAD, DELETE' } };
    }
  }
}

async function put({ rules, vendor, request, as, refuse }: Call): Promise<AdminAnswer> {
  const { body, headers } = request;
  const declared = headers['content-md5'];
  if (declared !== undefined && declared !== md5(body)) {
    return refuse('digest', 'Content-MD5 is not that of the body that came');
  }
  const text = readText(body);
  if (text === undefined) return refuse('malformed', 'the document is not valid UTF-8');
  const stored = await rules.put(vendor, text);
  if (stored.outcome === 'refused') return refuse(stored.problem, stored.message);
  return emptyAnswer(as.put[stored.outcome]);
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64');
}

/** Text that gives the same bytes again; undefined where they are no UTF-8. */
function readText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

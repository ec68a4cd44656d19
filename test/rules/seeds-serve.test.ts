import { describe, expect, it } from 'vitest';

import type { StoredObject } from '../../src/model/bucket.ts';
import { Failure } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { answerFailure } from '../../src/plan/answer-failure.ts';
import { decideCopy } from '../../src/plan/decide-copy.ts';
import { plainRequest } from '../../src/rules/client-request.ts';
import { matchRequest } from '../../src/rules/match-rule.ts';
import { imported, ruleFrom } from './vendors/imported.ts';

// What only the running proxy shows is decided here, for the rules of each vendor as imported.

const SOURCE = 'http://o.example/';
const OBS = {
  rules: [
    {
      id: 'r1',
      condition: { httpErrorCodeReturnedEquals: 404 },
      redirect: { publicSource: { sourceEndpoint: { master: [SOURCE] } } },
    },
  ],
};
const OSS = `<WebsiteConfiguration><RoutingRules><RoutingRule><Condition/><Redirect><RedirectType>Mirror</RedirectType><MirrorURL>${SOURCE}</MirrorURL></Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>`;
const BOS = { bucketMirroringConfiguration: [{ sourceUrl: SOURCE }] };
const QINIU = { source: SOURCE };

/** Whether the rules take a request that the bucket answered so. */
function triggers(vendor: string, document: object | string) {
  const { rules } = imported(vendor, document).rules;
  return (method: string, status: number): boolean =>
    matchRequest(rules, { ...plainRequest(objectKey('a/b.jpg')), method }, status) !== undefined;
}

describe('what sends a request to the origin', () => {
  it.each([
    ['H36 a GET of what the bucket lacks, with OBS', 'obs', OBS],
    ['O3 a GET of what the bucket lacks, with OSS: no hit, no 403', 'oss', OSS],
    ['B5 a GET of what the bucket lacks, with BOS', 'bos', BOS],
    ['Q9 nothing once the bucket has it, with QingStor', 'qingstor', { source_site: SOURCE }],
    ['K1 a GET of what the bucket lacks, with Qiniu', 'qiniu', QINIU],
  ])('%s', (_words, vendor, document) => {
    const isTrigger = triggers(vendor, document);
    expect(isTrigger('GET', 404)).toBe(true);
    expect([200, 206, 304, 403, 500].some((status) => isTrigger('GET', status))).toBe(false);
    expect(['HEAD', 'PUT', 'POST', 'DELETE'].some((method) => isTrigger(method, 404))).toBe(false);
  });

  it('B11 is nothing once the rule is gone', () => {
    expect(matchRequest([], plainRequest(objectKey('a')), 404)).toBeUndefined();
  });
});

describe('what a client is told when the origin has failed', () => {
  const missed = new Failure('ORIGIN_NOT_FOUND', 'x', { status: 404 });
  const failed = new Failure('ORIGIN_STATUS', 'x', { status: 500 });
  const gone = new Failure('ORIGIN_UNREACHABLE', 'x');
  const statusOf = (vendor: string, document: object | string, failure: Failure) => {
    const answer = answerFailure(failure, ruleFrom(vendor, document));
    return 'status' in answer ? answer.status : answer.answer;
  };

  it('B9 is 404 where origin and backup said 404', () => {
    expect(statusOf('bos', BOS, missed)).toBe(404);
  });

  it('K8 is 404 where the source has nothing, and 478 whatever else it says or not', () => {
    expect(statusOf('qiniu', QINIU, missed)).toBe(404);
    expect(statusOf('qiniu', QINIU, failed)).toBe(478);
    expect(statusOf('qiniu', QINIU, gone)).toBe(478);
  });

  it('O13 is 424 with OSS, 503 with QingStor and 404 with OBS', () => {
    for (const failure of [failed, gone]) {
      expect(statusOf('oss', OSS, failure)).toBe(424);
      expect(statusOf('qingstor', { source_site: SOURCE }, failure)).toBe(503);
      expect(statusOf('obs', OBS, failure)).toBe(404);
    }
  });
});

it('K2 a prefetch overwrites what is there, and needs not know it', () => {
  const there: StoredObject = {
    key: objectKey('a'),
    size: 1,
    etag: '"x"',
    lastModifiedMs: 0,
    headers: {},
    metadata: {},
  };
  const decision = { copy: true, ifAbsent: false, keepUnchanged: false };
  expect(decideCopy('always', there)).toMatchObject(decision);
  expect(decideCopy('always', undefined)).toMatchObject(decision);
});

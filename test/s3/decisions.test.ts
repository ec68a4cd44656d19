import { describe, expect, it } from 'vitest';

import { Failure, type FailureCode } from '../../src/model/failure.ts';
import { mayPass } from '../../src/s3/may-pass.ts';
import { planCorrection, type Correction } from '../../src/s3/plan-correction.ts';
import { S3Error, type S3ErrorDetails } from '../../src/s3/s3-error.ts';

const error = (details: Partial<S3ErrorDetails>): S3Error =>
  new S3Error({
    code: 'X',
    status: 400,
    said: '',
    requestId: undefined,
    retryAfterMs: undefined,
    region: undefined,
    attempts: 1,
    ...details,
  });

describe('a refusal', () => {
  it.each([
    [500, 'InternalError', true],
    [502, 'BadGateway', true],
    [503, 'SlowDown', true],
    [504, 'GatewayTimeout', true],
    [429, 'TooManyRequests', true],
    [509, 'BandwidthLimitExceeded', true],
    [520, 'ServerError', true],
    [529, 'ServerError', true],
    [408, 'RequestTimeout', true],
    [400, 'RequestTimeout', true],
    [400, 'ThrottlingException', true],
    [403, 'RequestLimitExceeded', true],
    [409, 'OperationAborted', true],
    [409, 'ConditionalRequestConflict', true],
    [409, 'BucketAlreadyExists', false],
    [412, 'PreconditionFailed', false],
    [501, 'NotImplemented', false],
    [507, 'ServerError', false],
    [530, 'ServerError', false],
    [400, 'InvalidArgument', false],
    [403, 'AccessDenied', false],
    [404, 'NoSuchKey', false],
    [301, 'PermanentRedirect', false],
  ])('with status %d and code %s may pass: %s', (status, code, expected) => {
    expect(mayPass(error({ status, code }))).toBe(expected);
  });

  it.each<[FailureCode, boolean]>([
    ['ORIGIN_UNREACHABLE', true],
    ['ORIGIN_TIMEOUT', true],
    ['LENGTH_MISMATCH', true],
    ['ADDRESS_REFUSED', false],
    ['INTERNAL', false],
  ])('of the network, %s, may pass: %s', (code, expected) => {
    expect(mayPass(new Failure(code, 'x'))).toBe(expected);
  });

  it('that is none never passes', () => {
    expect(mayPass(new Error('x'))).toBe(false);
  });
});

const NOW_MS = Date.UTC(2026, 10, 20, 4);
const MINUTE_MS = 60_000;

describe('a correction', () => {
  const region = (name: string): Correction => ({ kind: 'region', region: name });
  const clock = (minutes: number, certain = false): Correction => ({
    kind: 'clock',
    clockOffsetMs: minutes * MINUTE_MS,
    certain,
  });

  it.each<[string, Partial<S3ErrorDetails>, Correction | undefined]>([
    ['301 with a region', { status: 301, region: 'eu-west-1' }, region('eu-west-1')],
    ['307 with a region', { status: 307, region: 'eu-west-1' }, region('eu-west-1')],
    ['400 with a region', { status: 400, region: 'eu-west-1' }, region('eu-west-1')],
    ['400 with the same region', { status: 400, region: 'us-east-1' }, undefined],
    ['403 with a region', { status: 403, region: 'eu-west-1' }, undefined],
    ['a region that is none', { status: 301, region: 'evil.example/' }, undefined],
    [
      "AWS's own host",
      { status: 307, endpoint: 'b.s3-eu-west-1.amazonaws.com' },
      region('eu-west-1'),
    ],
    [
      "AWS's own newer host",
      { status: 307, endpoint: 'b.s3.eu-west-1.amazonaws.com' },
      region('eu-west-1'),
    ],
    ['a foreign host', { status: 307, endpoint: 's3.eu-west-1.evil.example' }, undefined],
    ['a host that only looks so', { status: 307, endpoint: 's3.x.amazonaws.com.evil' }, undefined],
    ['403, clocks 6 min apart', { status: 403, serverTimeMs: NOW_MS + 6 * MINUTE_MS }, clock(6)],
    ['403, clocks 4 min apart', { status: 403, serverTimeMs: NOW_MS + 4 * MINUTE_MS }, undefined],
    ['400, clocks 9 min apart', { status: 400, serverTimeMs: NOW_MS - 9 * MINUTE_MS }, clock(-9)],
    ['404, clocks 9 min apart', { status: 404, serverTimeMs: NOW_MS - 9 * MINUTE_MS }, undefined],
    [
      'RequestTimeTooSkewed by 2 min',
      { status: 403, code: 'RequestTimeTooSkewed', serverTimeMs: NOW_MS + 2 * MINUTE_MS },
      clock(2, true),
    ],
    [
      'RequestTimeTooSkewed without a date',
      { status: 403, code: 'RequestTimeTooSkewed' },
      undefined,
    ],
  ])('after %s is %j', (_, details, expected) => {
    const basis = { region: 'us-east-1', clockOffsetMs: 0, nowMs: NOW_MS, signed: true };
    expect(planCorrection(error(details), basis)).toEqual(expected);
  });

  it('of the clock compares with the offset that was used, and needs a signature', () => {
    const refused = error({ status: 403, serverTimeMs: NOW_MS + 10 * MINUTE_MS });
    const basis = { region: 'r', clockOffsetMs: 8 * MINUTE_MS, nowMs: NOW_MS, signed: true };
    expect(planCorrection(refused, basis)).toBeUndefined();
    expect(planCorrection(refused, { ...basis, clockOffsetMs: 0 })).toEqual(clock(10));
    expect(planCorrection(refused, { ...basis, clockOffsetMs: 0, signed: false })).toBeUndefined();
  });
});

import { expect, it } from 'vitest';

import { tellsAbsence } from '../../src/s3/tells-absence.ts';

const NO_KEY = '<Error><Code>NoSuchKey</Code><Key>k</Key></Error>';

it.each([
  ['GET', 404, NO_KEY, {}, true],
  ['HEAD', 404, '', {}, true],
  ['GET', 404, '', {}, false],
  ['GET', 404, '<Error><Code>NoSuchBucket</Code></Error>', {}, false],
  ['GET', 404, '<html>NoSuchKey</html>', {}, false],
  ['GET', 403, NO_KEY, {}, false],
  ['HEAD', 404, '', { 'x-minio-error-code': 'NoSuchBucket' }, false],
  ['HEAD', 404, '', { 'x-amz-error-code': 'NoSuchBucket' }, false],
] as const)(
  'a refusal of %s with %i and %j, headers %j: it says beyond doubt that there is no object: %j',
  (method, status, body, headers, expected) => {
    expect(tellsAbsence(method, { status, headers }, Buffer.from(body))).toBe(expected);
  },
);

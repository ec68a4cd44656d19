import { expect, it } from 'vitest';

import { requestIdIn } from '../../src/s3/request-id.ts';

it.each([
  [{}, undefined],
  [{ 'x-amz-request-id': 'tx0001-a' }, 'tx0001-a'],
  [{ 'x-amz-id-2': 'b+/=', 'x-amz-request-id': 'A' }, 'A b+/='],
  [{ 'x-amz-request-id': 'two words' }, undefined],
  [{ 'x-amz-request-id': '' }, undefined],
  [{ 'x-amz-request-id': '\u001b[31m', 'x-amz-id-2': 'B' }, 'B'],
  [{ 'x-amz-request-id': 'x'.repeat(201) }, undefined],
])('the headers %j name the request %j', (headers, id) => {
  expect(requestIdIn(headers)).toBe(id);
});

import * as undici from 'undici';
import { expect, test } from 'vitest';

import { Client, errors } from '../../src/http/undici.ts';

test('what is loaded by its file is what the package itself gives', () => {
  expect(Client).toBe(undici.Client);
  expect(errors.HTTPParserError).toBe(undici.errors.HTTPParserError);
});

import { expect, test } from 'vitest';
import { isOwnHost } from '../../src/serve/admin/admin-host.ts';

test.each([
  '127.0.0.1',
  '127.0.0.1:8081',
  '192.0.2.7:80',
  '[::1]:8081',
  '[2001:db8::1]',
  'localhost',
  'LOCALHOST:8081',
  'admin.internal:8081',
  'Admin.Internal',
])('%s is a name of the port that listens on admin.internal', (host) => {
  expect(isOwnHost(host, 'admin.internal')).toBe(true);
});

test.each([
  undefined,
  '',
  ':8081',
  'evil.example',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'admin.internal.evil.example',
  '127.0.0.1@evil.example',
  'localhost:80:80',
  '[evil.example]',
  '[127.0.0.1]',
  '::1',
  '127.1',
  '2130706433',
])('%s is not', (host) => {
  expect(isOwnHost(host, 'admin.internal')).toBe(false);
});

import { describe, expect, it } from 'vitest';
import { listenAddress } from '../../src/cli/listen-address.ts';

describe('the address of --listen and --admin', () => {
  it.each([
    ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['localhost:65535', { host: 'localhost', port: 65_535 }],
  ])('%s is one', (text, address) => {
    expect(listenAddress(text)).toEqual(address);
  });

  it.each(['8080', ':8080', '127.0.0.1', '127.0.0.1:65536', '::1:80', 'a:b', 'off'])(
    '%s is none',
    (text) => {
      expect(() => listenAddress(text)).toThrow('HOST:PORT');
    },
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { awsEndpoint, requestUrls, type BucketPlace } from '../../src/s3/request-url.ts';

const place = (more: Partial<BucketPlace>): BucketPlace => ({
  endpoint: undefined,
  region: 'us-east-1',
  bucket: 'media',
  pathStyle: false,
  ...more,
});

const urlOf = (more: Partial<BucketPlace>, key: string | undefined, query = {}): string => {
  const { target } = requestUrls(place(more))(key, Object.entries(query));
  return target.site + target.path;
};

describe('the URL of a request', () => {
  it.each<[string, Partial<BucketPlace>, string | undefined, string]>([
    ["is on AWS's host of the region", {}, 'k', 'https://media.s3.us-east-1.amazonaws.com/k'],
    [
      'is in China where the region is',
      { region: 'cn-north-1' },
      'k',
      'https://media.s3.cn-north-1.amazonaws.com.cn/k',
    ],
    [
      'has the bucket in its path where that is wanted',
      { pathStyle: true },
      'k',
      'https://s3.us-east-1.amazonaws.com/media/k',
    ],
    [
      'keeps the port and the base path of an endpoint',
      { endpoint: 'http://s3.example:9000/base/', pathStyle: true },
      'k',
      'http://s3.example:9000/base/media/k',
    ],
    [
      'keeps the base path in virtual-host style too',
      { endpoint: 'https://s3.example/base' },
      'k',
      'https://media.s3.example/base/k',
    ],
    [
      'can be on an IPv6 address',
      { endpoint: 'http://[::1]:9000', pathStyle: true },
      'k',
      'http://[::1]:9000/media/k',
    ],
    [
      'of the bucket has no key',
      { pathStyle: true },
      undefined,
      `${awsEndpoint('us-east-1')}/media`,
    ],
    ['of a bucket in the host is /', {}, undefined, 'https://media.s3.us-east-1.amazonaws.com/'],
    [
      'may have a bucket with dots in the host without TLS',
      { endpoint: 'http://s3.example', bucket: 'a.b' },
      'k',
      'http://a.b.s3.example/k',
    ],
  ])('%s', (_, more, key, url) => {
    expect(urlOf(more, key)).toBe(url);
  });

  it.each([
    ['/a', '//a'],
    ['a//b/', '/a//b/'],
    ['../x/./y/..', '/../x/./y/..'],
    ["a!'()*", '/a%21%27%28%29%2A'],
    ['a b+c%2F?#&=;', '/a%20b%2Bc%252F%3F%23%26%3D%3B'],
    ['ä\u0001\r\n\u{1f600}', '/%C3%A4%01%0D%0A%F0%9F%98%80'],
    ['-._~', '/-._~'],
  ])('carries the key %j exactly, as %s', (key, path) => {
    expect(urlOf({}, key)).toBe(`https://media.s3.us-east-1.amazonaws.com${path}`);
  });

  it('says of every key just that key', () => {
    const anyKey = fc.string({ unit: 'binary', minLength: 1 }).filter((key) => key.isWellFormed());
    fc.assert(
      fc.property(anyKey, (key) => {
        const { path } = requestUrls(place({}))(key, []);
        expect(decodeURIComponent(path.slice(1))).toBe(key);
        expect(path).toMatch(/^[\w\-.~%/]+$/);
      }),
    );
  });

  it('has its query sorted by encoded name, whatever comes behind the name', () => {
    const query = { 'a-b': '1', a: 'x y', A: '', '?': '/' };
    const { path, target, query: canonical } = requestUrls(place({}))('k', Object.entries(query));
    expect(canonical).toBe('%3F=%2F&A=&a=x%20y&a-b=1');
    expect(target.path).toBe(`${path}?${canonical}`);
  });

  it.each<[string, Partial<BucketPlace>, RegExp]>([
    ['with dots under TLS', { bucket: 'a.b' }, /wildcard certificate.*pathStyle: true/],
    ['with upper case', { bucket: 'Media' }, /host name: set `pathStyle: true`/],
    ['with an underscore', { bucket: 'a_b' }, /host name: set `pathStyle: true`/],
    ['before an address', { endpoint: 'http://127.0.0.1:9000' }, /127\.0\.0\.1: set `pathStyle/],
    [
      'at a broken endpoint',
      { endpoint: 'ftp://x', pathStyle: true },
      /no plain http or https URL/,
    ],
  ])('of a bucket %s is refused with advice', (_, more, line) => {
    expect(() => requestUrls(place(more))).toThrow(
      expect.objectContaining({ kind: 'usage', message: expect.stringMatching(line) as string }),
    );
  });
});

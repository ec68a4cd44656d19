import { describe, expect, it } from 'vitest';
import { parseRobots } from '../../../src/scan/walk/robots.ts';

function allows(robots: string, path: string): boolean {
  return parseRobots(robots, 'bucketfill').allows(path);
}

describe('which group counts', () => {
  it.each([
    ['User-agent: *\nDisallow: /', false],
    ['User-agent: other\nDisallow: /', true],
    ['User-agent: BucketFill\nDisallow: /', false],
    ['User-agent: bucketfill/2.0\nDisallow: /', false],
    ['User-agent: bucketfiller\nDisallow: /', true],
    ['User-agent: *\nDisallow: /\n\nUser-agent: bucketfill\nAllow: /', true],
    ['User-agent: bucketfill\nDisallow: /b\n\nUser-agent: bucketfill\nDisallow: /a', false],
    ['User-agent: other\nUser-agent: bucketfill\nDisallow: /a', false],
    ['User-agent: bucketfill\nCrawl-delay: 5\nUser-agent: other\nDisallow: /a', false],
    ['\ufeffuser-agent:*\r\ndisallow :/a # all of it', false],
    ['Disallow: /a', true],
    ['', true],
    ['<html>no such page</html>', true],
  ])('%j', (robots, expected) => {
    expect(allows(robots, '/a/b')).toBe(expected);
  });
});

describe('which rule counts', () => {
  it.each([
    ['Disallow:', '/a', true],
    ['Disallow: /a\nAllow: /a/b', '/a/b/c', true],
    ['Allow: /a/b\nDisallow: /a', '/a/c', false],
    ['Disallow: /a\nAllow: /a', '/a', true],
    ['Disallow: /*.zip$', '/x/y.zip', false],
    ['Disallow: /*.zip$', '/x/y.zip.txt', true],
    ['Disallow: /*.zip', '/x/y.zip.txt', false],
    ['Disallow: /a$', '/a', false],
    ['Disallow: /a$', '/ab', true],
    ['Disallow: /a*c*e$', '/abcde', false],
    ['Disallow: /ab*b$', '/ab', true],
    ['Disallow: /caf%c3%a9', '/caf%C3%A9/x', false],
    ['Disallow: /café', '/caf%C3%A9/x', false],
    ['Disallow: /%7Euser', '/~user/x', false],
    ['Disallow: /a%2Fb', '/a/b', true],
  ])('%j and %s', (rules, path, expected) => {
    expect(allows(`User-agent: *\n${rules}`, path)).toBe(expected);
  });

  it('a pattern of many stars takes no time', () => {
    const robots = `User-agent: *\nDisallow: /${'*a'.repeat(500)}b$`;
    expect(allows(robots, `/${'a'.repeat(20_000)}`)).toBe(true);
  });

  it('whether anything is forbidden at all is known beforehand', () => {
    expect(parseRobots('User-agent: *\nAllow: /', 'bucketfill').allowsAll).toBe(true);
    expect(parseRobots('User-agent: *\nDisallow: /x', 'bucketfill').allowsAll).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';

import { imported, refusal, ruleFrom, urlsFor } from './imported.ts';

const site = (source_site: unknown) => ({ source_site });

describe('QingStor', () => {
  it('Q4 a document without source_site is refused', () => {
    expect(refusal('qingstor', {})).toBe('in: `source_site` is missing');
    expect(refusal('qingstor', site(''))).toContain('source_site: the address is empty');
    expect(refusal('qingstor', site([]))).toContain('source_site: expected text, got a list');
  });

  it.each([
    ['http://h.example', 'http://h.example/a.png'],
    ['https://h.example', 'https://h.example/a.png'],
    ['http://h.example:8080/', 'http://h.example:8080/a.png'],
    ['h.example', 'http://h.example/a.png'],
  ])('Q5 the source %s is taken, with http where no protocol is given', (url, expected) => {
    expect(urlsFor('qingstor', site(url), 'a.png')).toEqual([expected]);
  });

  it.each(['ftp://h.example/', 's3://bucket/'])('Q5 the protocol of %s is refused', (url) => {
    expect(refusal('qingstor', site(url))).toContain('http:// or https://');
  });

  it('Q6 one source becomes one rule that takes every key', () => {
    const { match } = ruleFrom('qingstor', site('http://h.example/'));
    expect([match.keyPrefix, match.keySuffix]).toEqual([undefined, undefined]);
    const two = site(['http://h.example/', 'http://i.example/']);
    expect(refusal('qingstor', two)).toContain('source_site: expected text, got a list');
  });

  it('Q8 the reply while fetching becomes an action of its own, mirror', () => {
    expect(ruleFrom('qingstor', site('http://h.example/')).action).toBe('mirror');
    expect(imported('qingstor', site('http://h.example/')).yaml).toContain('redirectAndFetch');
  });

  it('Q11 an origin without Content-Length fails', () => {
    expect(ruleFrom('qingstor', site('http://h.example/')).store.requireLength).toBe(true);
  });

  it.each([
    ['http://h.example/image/', 'http://h.example/image/a.png'],
    ['http://h.example/image', 'http://h.example/image/a.png'],
  ])('Q12 between %s and the key stands exactly one slash', (url, expected) => {
    expect(urlsFor('qingstor', site(url), 'a.png')).toEqual([expected]);
    const doubts = imported('qingstor', site(url)).warnings;
    expect(doubts.includes('does not end with /')).toBe(!url.endsWith('/'));
  });

  it('Q13 a source without protocol is http, with a warning', () => {
    const { warnings } = imported('qingstor', site('h.example/x'));
    expect(warnings).toContain('source_site: the address has no scheme; http:// is taken');
    expect(urlsFor('qingstor', site('h.example/x'), 'a')).toEqual(['http://h.example/x/a']);
  });

  it('Q15 the explicit default port of the sample is kept', () => {
    const document = site('http://example.com:80/image/');
    expect(urlsFor('qingstor', document, 'a.png')).toEqual(['http://example.com:80/image/a.png']);
  });

  it('a source with a password goes into the environment and is printed nowhere', () => {
    const { yaml, warnings } = imported('qingstor', site('http://u:hunter2@h.example/'));
    expect(yaml).toContain('{ env: QINGSTOR_ORIGIN_URL }');
    expect(warnings).toContain('set QINGSTOR_ORIGIN_URL');
    expect(`${yaml}${warnings}`).not.toContain('hunter2');
  });

  it('a HEAD does not trigger, and a failing source is answered with 503', () => {
    const rule = ruleFrom('qingstor', site('http://h.example/'));
    expect(rule.match.methods).toEqual(['GET']);
    expect(rule.response.onError).toBe(503);
  });
});

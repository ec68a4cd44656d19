import { describe, expect, test } from 'vitest';

import { holdsLimits, rulesPut } from './put-limits.ts';

const site = (source_site: unknown) => ({ source_site });

describe('a PUT of QingStor', () => {
  holdsLimits('qingstor', [
    {
      title: 'Q4 the source is mandatory',
      at: site('http://h.example'),
      beyond: {},
      names: '`source_site` is missing',
    },
    {
      title: 'Q4 the source is text',
      at: site('http://h.example'),
      beyond: site(['http://h.example']),
      names: 'source_site: expected text',
    },
    {
      title: 'Q4 the source is not empty',
      at: site('h'),
      beyond: site(''),
      names: 'source_site: the address is empty',
    },
    {
      title: 'Q5 the protocol is http or https',
      at: site('https://h.example:8443/path/'),
      beyond: site('ftp://h.example/'),
      names: 'source_site: expected an address that starts with http:// or https://',
    },
    {
      title: 'Q5 the protocol may lack, the host may not',
      at: site('h.example/x/'),
      beyond: site('http:///x/'),
      names: 'source_site: ',
    },
    {
      title: 'Q5 the format has a path and no query',
      at: site('http://h.example/x'),
      beyond: site('http://h.example/x?y=1'),
      names: 'source_site: expected <protocol>://<host>[:port]/[path]',
    },
  ]);

  test('Q6 it comes to one rule that takes every key', () => {
    const [rule, ...more] = rulesPut('qingstor', site('http://example.com:80/image/'));
    expect(more).toEqual([]);
    expect(rule).toMatchObject({
      id: 'qingstor',
      action: 'mirror',
      match: { keyPrefix: undefined, keySuffix: undefined, methods: ['GET'], statuses: [404] },
      origins: { masters: [{ url: { text: 'http://example.com:80/image/' } }], slaves: [] },
      request: { passQuery: false, headers: { passAll: false, pass: [] } },
      response: { onError: 503 },
      store: { requireLength: true },
    });
  });
});

import { describe, expect, it } from 'vitest';

import { RequestFields } from '../../src/http/request-fields.ts';

describe('the fields of a request', () => {
  const list = (fields: RequestFields, headers: Record<string, string>): string[] =>
    fields.list('GET http://a/o', 'a', headers);

  it("are the request's own, with host first and the encoding last", () => {
    const fields = new RequestFields('me/1');
    const given = { 'x-a': '1', connection: 'close', 'accept-encoding': 'gzip', 'x-b': '2' };
    const written = ['host', 'a', 'user-agent', 'me/1', 'x-a', '1', 'x-b', '2'];
    for (let times = 0; times < 2; times += 1) {
      expect(list(fields, given)).toEqual([...written, 'accept-encoding', 'identity']);
    }
  });

  it('are checked in each request, whatever was sent before', () => {
    const fields = new RequestFields('me/1');
    const refused = expect.objectContaining({ code: 'INTERNAL' }) as Error;
    list(fields, { 'x-a': 'fine' });
    const bad = [{ 'x-a': 'fine\r\nx-b: 2' }, { 'x-a': 'b\u{1f600}' }, { 'x a': 'fine' }];
    for (const headers of [...bad, ...bad]) {
      expect(() => list(fields, headers)).toThrow(refused);
    }
    expect(list(fields, { 'x-a': 'fine' })).toContain('fine');
  });

  it('may have any number of names', () => {
    const fields = new RequestFields('me/1');
    const names = Array.from({ length: 600 }, (_, at) => `x-${at}`);
    const written = list(fields, Object.fromEntries(names.map((name) => [name, name])));
    expect(names.filter((name) => !written.includes(name))).toEqual([]);
    expect(() => list(fields, { 'x-599': '\n' })).toThrow('line break');
  });
});

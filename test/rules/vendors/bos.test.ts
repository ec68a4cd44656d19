import { describe, expect, test } from 'vitest';

import { addressesOf, imported, refusal, ruleFrom, urlsFor } from './imported.ts';

const file = (...rules: readonly object[]) => ({ bucketMirroringConfiguration: rules });
const one = (more: object = {}) => file({ sourceUrl: 'http://www.myweb.com', ...more });
const where = (more: object, key: string) => urlsFor('bos', one(more), key);
const taking = (resource: string) => ({ sourceUrl: 'http://www.myweb.com', resource });

describe('the rules as a whole', () => {
  test('B3 at most 20 rules, none of which takes every key of another', () => {
    const rules = Array.from({ length: 21 }, (_, at) => taking(`p${at}-/*`));
    expect(refusal('bos', file(...rules))).toContain('expected 1 to 20 rules, got 21');
    expect(imported('bos', file(...rules.slice(1))).rules.rules).toHaveLength(20);
    for (const [a, b] of [
      ['*', 'a/*'],
      ['a/b/*', 'a/*'],
      ['a/*', 'a/b/*.jpg'],
      ['*.jpg', 'a/*.jpg'],
    ] as const) {
      expect(refusal('bos', file(taking(a), taking(b)))).toContain('include each other');
    }
  });

  test('B3 rules that only share keys are told', () => {
    const { warnings } = imported('bos', file(taking('a/*'), taking('*.jpg')));
    expect(warnings).toContain('shares keys with bucketMirroringConfiguration[0]');
  });

  test('B4 an origin without scheme is http; other schemes are refused', () => {
    expect(where({ sourceUrl: '203.0.113.7:8080' }, 'a')).toEqual(['http://203.0.113.7:8080/a']);
    expect(imported('bos', one({ sourceUrl: 'h.example' })).warnings).toContain('no scheme');
    expect(refusal('bos', one({ sourceUrl: 'ftp://h.example' }))).toContain('http://');
  });

  test('B5 B14 the trigger is 404', () => {
    expect(ruleFrom('bos', one()).match.statuses).toEqual([404]);
  });

  test('B6 neither query nor headers are passed unless the rule says so', () => {
    expect(ruleFrom('bos', one()).request).toMatchObject({
      passQuery: false,
      headers: { passAll: false, pass: [] },
    });
  });

  test.each(['Content-Length', 'Authorization', 'Range', 'Date', 'Content-Md5', 'Host', 'x-bce-a'])(
    'B7 the header %s can be neither passed nor set',
    (name) => {
      expect(refusal('bos', one({ passHeaders: [name] }))).toContain('cannot be passed nor set');
      const customHeaders = [{ headerName: name, headerValue: 'v' }];
      expect(refusal('bos', one({ customHeaders }))).toContain('cannot be passed nor set');
    },
  );

  test('B8 B36 without conditions the key stands behind the address', () => {
    expect(where({}, 'myobject.docx')).toEqual(['http://www.myweb.com/myobject.docx']);
  });

  test('B10 the seven headers of the origin are kept, and no other metadata', () => {
    expect(ruleFrom('bos', one()).store.headers).toHaveLength(7);
    expect(ruleFrom('bos', one()).store.userMetadata).toBe(false);
  });

  test.each([undefined, '', 'fetch'])('B12 the mode %j is a mirror', (mode) => {
    expect(ruleFrom('bos', one({ mode })).action).toBe('mirror');
  });

  test('B13 the mode redirect is a redirect by 302 that fetches', () => {
    const { action, redirect } = ruleFrom('bos', one({ mode: 'redirect' }));
    expect([action, redirect.status]).toEqual(['redirectAndFetch', 302]);
  });

  test('another mode is refused', () => {
    expect(refusal('bos', one({ mode: 'both' }))).toContain('mode: expected fetch or redirect');
  });
});

describe('conditions and key', () => {
  test('B15 a prefix is a plain beginning; the console forbids a / at its end, and both are told', () => {
    expect(ruleFrom('bos', one({ resource: 'aa*' })).match.keyPrefix).toBe('aa');
    expect(imported('bos', one({ resource: 'aa*' })).warnings).toContain('does not end with /');
    expect(imported('bos', one({ resource: 'aa/*' })).warnings).toContain('the prefix ends with /');
  });

  test('B16 a suffix is a plain end', () => {
    expect(ruleFrom('bos', one({ resource: '*.jpg' })).match.keySuffix).toBe('.jpg');
    expect(refusal('bos', one({ resource: 'a*b*c' }))).toContain('at most one *');
  });

  const crop = { version: 'v2', prefixReplace: '' };

  test('B18 cropping cuts the prefix off and keeps one slash', () => {
    expect(where({ resource: 'abc/def*', ...crop }, 'abc/def/myobject.docx')).toEqual([
      'http://www.myweb.com/myobject.docx',
    ]);
  });

  test.each(['abc/def*', 'abc/def/*'])(
    'B19 replaced by 123 below %s a slash stands',
    (resource) => {
      const more = { resource, version: 'v2', prefixReplace: '123' };
      expect(where(more, 'abc/def/myobject.docx')).toEqual([
        'http://www.myweb.com/123/myobject.docx',
      ]);
    },
  );

  test('another version than v2 is taken for it, with a warning', () => {
    const more = { resource: 'abc*', version: 'v1', prefixReplace: '123' };
    expect(where(more, 'abc/x')).toEqual(['http://www.myweb.com/123/x']);
    expect(imported('bos', one(more)).warnings).toContain('known for version v2 only');
  });

  test('B20 https is kept', () => {
    expect(where({ sourceUrl: 'https://h.example' }, 'a')).toEqual(['https://h.example/a']);
  });

  test('B21 a fixed file is a redirect that stores nothing, and for mode redirect only', () => {
    const more = { mode: 'redirect', fixedKey: 'folder1/404.jpeg' };
    expect(ruleFrom('bos', one(more)).action).toBe('redirect');
    expect(where(more, 'any')).toEqual(['http://www.myweb.com/folder1/404.jpeg']);
    expect(imported('bos', one(more)).warnings).toContain('nothing is stored');
    const whole = { ...more, prefix: 'a', suffix: '.b', version: 'v2', prefixReplace: 'c' };
    const { warnings } = imported('bos', one({ ...whole, storageClass: 'STANDARD' }));
    for (const name of ['prefix', 'suffix', 'version', 'prefixReplace']) {
      expect(warnings).toContain(`[0].${name}: dropped: fixedKey is the whole name`);
    }
    expect(warnings).toContain('[0].storageClass: dropped: nothing is stored');
    const line = refusal('bos', one({ fixedKey: 'x' }));
    expect(line).toContain('`fixedKey` and `mode` fetch contradict each other');
  });

  test('B22 an address prefix is a folder', () => {
    for (const prefix of ['test', 'test/', '/test']) {
      expect(where({ prefix }, 'objectname.doc')).toEqual([
        'http://www.myweb.com/test/objectname.doc',
      ]);
    }
  });

  test('B23 an address suffix takes the place of the extension, or is appended', () => {
    expect(where({ suffix: '.doc' }, 'a.b/myobject.docx')).toEqual([
      'http://www.myweb.com/a.b/myobject.doc',
    ]);
    expect(where({ suffix: '.doc' }, 'a.b/plain')).toEqual(['http://www.myweb.com/a.b/plain.doc']);
  });
});

describe('backup, query, class, headers', () => {
  test('B24 a backup is for mirrors only', () => {
    const backSourceUrl = 'backup.com';
    const { rules } = imported('bos', one({ backSourceUrl })).rules;
    expect(addressesOf(rules, 'slaves')).toEqual(['http://backup.com']);
    const redirect = imported('bos', one({ backSourceUrl, mode: 'redirect' }));
    expect(addressesOf(redirect.rules.rules, 'slaves')).toEqual([]);
    expect(redirect.warnings).toContain('backSourceUrl: dropped');
  });

  test('B25 the backup is asked on 404 and 5XX, with a warning', () => {
    const document = one({ backSourceUrl: 'http://backup.com' });
    expect(ruleFrom('bos', document).origins?.retryOn).toEqual([404, '5XX']);
    expect(imported('bos', document).warnings).toContain('asked on 404 too');
  });

  test.each(['passQuerystring', 'passQueryString'])('B26 %s passes the query', (name) => {
    const rule = ruleFrom('bos', one({ [name]: true }));
    expect(rule.request.passQuery).toBe(true);
    expect(rule.store.variants).toBe('any');
  });

  test('B26 both spellings with different values are refused, naming both', () => {
    const line = refusal('bos', one({ passQuerystring: true, passQueryString: false }));
    expect(line).toContain('`passQuerystring` and `passQueryString` contradict each other');
    expect(
      imported('bos', one({ passQuerystring: true, passQueryString: 'true' })).rules,
    ).toBeDefined();
  });

  test.each([
    ['STANDARD', 'STANDARD', ''],
    ['STANDARD_IA', 'STANDARD_IA', ''],
    ['MAZ_STANDARD_IA', 'STANDARD_IA', 'is taken'],
    ['COLD', undefined, 'dropped'],
    ['ARCHIVE', undefined, 'dropped'],
  ])('B27 the class %s', (storageClass, expected, warning) => {
    expect(ruleFrom('bos', one({ storageClass })).store.storageClass).toBe(expected);
    expect(imported('bos', one({ storageClass })).warnings).toContain(warning);
  });

  test('B28 ten headers of each kind, or all', () => {
    const names = Array.from({ length: 11 }, (_, at) => `x-${at}`);
    for (const list of ['passHeaders', 'ignoreHeaders']) {
      expect(refusal('bos', one({ [list]: names }))).toContain('at most 10');
    }
    const customHeaders = names.map((headerName) => ({ headerName, headerValue: '' }));
    expect(refusal('bos', one({ customHeaders }))).toContain('at most 10');
    for (const all of [{ passHeaders: ['*'] }, { allHeader: 'all' }]) {
      expect(ruleFrom('bos', one(all)).request.headers.passAll).toBe(true);
    }
  });
});

describe('the documented cases', () => {
  const replaced = { resource: 'abc*', version: 'v2', prefixReplace: 'tihuan/edf', suffix: '.doc' };
  const cropped = { resource: 'abc/aa*', version: 'v2', prefixReplace: '', prefix: 'qianzhui/' };

  test.each([
    ['B29', { resource: 'abc*' }, 'abc/myobject.docx', '/abc/myobject.docx'],
    ['B30', { resource: 'abc/aa*' }, 'abc/aa/myobject.docx', '/abc/aa/myobject.docx'],
    ['B31', replaced, 'abc/myobject.docx', '/tihuan/edf/myobject.doc'],
    ['B32', cropped, 'abc/aa/myobject.docx', '/qianzhui/myobject.docx'],
    ['B33', { prefix: 'myobject' }, 'x/y', '/myobject/x/y'],
  ])('%s the origin URL is as documented', (_id, more, key, path) => {
    expect(where(more, key)).toEqual([`http://www.myweb.com${path}`]);
  });

  test('B34 origin and backup are asked below the replaced folder', () => {
    const more = {
      resource: 'examplefolder*',
      version: 'v2',
      prefixReplace: 'myobject',
      sourceUrl: 'http://myweb.com',
      backSourceUrl: 'http://backup.com',
    };
    expect(where(more, 'examplefolder/f')).toEqual([
      'http://myweb.com/myobject/f',
      'http://backup.com/myobject/f',
    ]);
  });

  test('B17 B35 a folder of a private bucket, with query and two headers', () => {
    const more = {
      resource: 'folderA*',
      version: 'v2',
      prefixReplace: 'folderB',
      passQuerystring: true,
      passHeaders: ['header1', 'header2'],
    };
    const open = { ...more, sourceUrl: 'http://bucketB.bj.bcebos.com' };
    expect(where(open, 'folderA/example.docx')).toEqual([
      'http://bucketB.bj.bcebos.com/folderB/example.docx',
    ]);
    const rule = ruleFrom('bos', one(open));
    expect(rule.request).toMatchObject({
      passQuery: true,
      headers: { pass: ['header1', 'header2'] },
    });
    const closed = { ...more, sourceUrl: 'bos://bj.bcebos.com/bucketB' };
    expect(where(closed, 'folderA/example.docx')).toEqual(['s3://bucketB/folderB/example.docx']);
    expect(imported('bos', one(closed)).yaml).toContain('credentials: { env: BOS_1_ORIGIN }');
  });
});

import { golden } from './golden.ts';

const bos = (...rules: readonly object[]) => ({ bucketMirroringConfiguration: rules });
const onMyWeb = (more: object) => bos({ sourceUrl: 'http://www.myweb.com', ...more });
const mirrored = (...originUrls: readonly string[]) => ({
  rule: 'bos-1',
  action: 'mirror',
  originUrls,
});

golden('bos', [
  {
    title: 'B8 the name at the origin is the name that is stored',
    document: bos({ sourceUrl: 'http://huiyuan.com' }),
    key: 'myobject.docx',
    expected: mirrored('http://huiyuan.com/myobject.docx'),
  },
  {
    title: 'B29 case 1: a condition alone never rewrites',
    document: onMyWeb({ resource: 'abc*' }),
    key: 'abc/myobject.docx',
    expected: mirrored('http://www.myweb.com/abc/myobject.docx'),
  },
  {
    title: 'B30 case 2: nor does a longer one',
    document: onMyWeb({ resource: 'abc/aa*' }),
    key: 'abc/aa/myobject.docx',
    expected: mirrored('http://www.myweb.com/abc/aa/myobject.docx'),
  },
  {
    title: 'B31 case 3: prefix and extension are replaced',
    document: onMyWeb({
      resource: 'abc*',
      version: 'v2',
      prefixReplace: 'tihuan/edf',
      suffix: '.doc',
    }),
    key: 'abc/myobject.docx',
    expected: mirrored('http://www.myweb.com/tihuan/edf/myobject.doc'),
  },
  {
    title: 'B32 case 4: cropped and put below a folder, with one slash',
    document: onMyWeb({
      resource: 'abc/aa*',
      version: 'v2',
      prefixReplace: '',
      prefix: 'qianzhui/',
    }),
    key: 'abc/aa/myobject.docx',
    expected: mirrored('http://www.myweb.com/qianzhui/myobject.docx'),
  },
  {
    title: 'B33 process 1: all files below a folder of the origin, by http as configured',
    document: bos({
      mode: 'fetch',
      sourceUrl: 'http://myweb.com',
      resource: '*',
      prefix: 'myobject',
    }),
    key: 'x/y',
    expected: mirrored('http://myweb.com/myobject/x/y'),
  },
  {
    title: 'B34 process 2: a folder for another, on the primary and then on the backup',
    document: bos({
      sourceUrl: 'http://myweb.com',
      backSourceUrl: 'http://backup.com',
      resource: 'examplefolder*',
      version: 'v2',
      prefixReplace: 'myobject',
    }),
    key: 'examplefolder/f',
    expected: mirrored('http://myweb.com/myobject/f', 'http://backup.com/myobject/f'),
  },
  {
    title: 'B35 process 3: a folder of another bucket, with query and two headers',
    document: bos({
      sourceUrl: 'http://bucketb.bj.bcebos.com',
      resource: 'folderA*',
      version: 'v2',
      prefixReplace: 'folderB',
      passQuerystring: true,
      passHeaders: ['header1', 'header2'],
    }),
    key: 'folderA/example.docx',
    query: 'q=1',
    headers: { header1: 'a', header2: 'b', header3: 'c' },
    expected: {
      ...mirrored('http://bucketb.bj.bcebos.com/folderB/example.docx?q=1'),
      requestHeaders: { header1: 'a', header2: 'b' },
    },
  },
  {
    title: 'B36 the initial address: no condition, the key is the path',
    document: onMyWeb({}),
    key: 'myobject.docx',
    expected: mirrored('http://www.myweb.com/myobject.docx'),
  },
  {
    title: 'B13 B18 the sample, rule 2: cropped, and redirected to while it is fetched',
    document: 'bos.json',
    key: 'docs/myobject.docx',
    expected: {
      rule: 'bos-2',
      action: 'redirectAndFetch',
      originUrls: ['http://o.example:8080/myobject.docx'],
      redirect: { status: 302, location: 'http://o.example:8080/myobject.docx' },
    },
  },
  {
    title: 'the sample, rule 1: the private bucket is the backup, headers are passed, removed, set',
    document: 'bos.json',
    key: 'folder1/folder2/x.jpeg',
    query: 'q=1&authorization=bce-auth-v1',
    headers: { a: '1', b: '2', h: 'client' },
    expected: {
      ...mirrored(
        'http://o.example/testprefix/a/b/c/x.jpg?q=1',
        's3://bucketb/testprefix/a/b/c/x.jpg',
      ),
      requestHeaders: { a: '1', h: 'v' },
    },
  },
  {
    title: 'B21 the sample, rule 3: every key is redirected to one file, and nothing is stored',
    document: 'bos.json',
    key: 'gone/x.jpeg',
    expected: {
      rule: 'bos-3',
      action: 'redirect',
      originUrls: ['http://o.example/folder1/404.jpeg'],
      storedKey: null,
      redirect: { status: 302, location: 'http://o.example/folder1/404.jpeg' },
    },
  },
]);

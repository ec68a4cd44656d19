import { golden, sample } from './golden.ts';

const NONE = { rule: null, action: null } as const;

golden('qingstor', [
  {
    title: 'Q7 Q15 the sample: the key stands behind the source, its port stays',
    document: 'qingstor.json',
    key: 'a.png',
    expected: {
      rule: 'qingstor',
      action: 'mirror',
      originUrls: ['http://example.com:80/image/a.png'],
    },
  },
  {
    title: 'Q12 the migration guide: one slash between the host and the key',
    document: { source_site: 'http://img.example.com' },
    key: 'blog.png',
    expected: {
      rule: 'qingstor',
      action: 'mirror',
      originUrls: ['http://img.example.com/blog.png'],
    },
  },
]);

golden('obs', [
  {
    title: 'H31 H38 H39 the sample: the prefix is replaced on two masters and a slave',
    document: 'obs.json',
    key: 'video/a b.mp4',
    query: 'w=1&X-Amz-Signature=s',
    headers: { 'content-encoding': 'gzip', 'content-type': 'video/mp4', accept: '*/*' },
    expected: {
      rule: 'abc123',
      action: 'mirror',
      originUrls: [
        'http://bucket1.xxx.yyy.com/picture/a%20b.mp4?w=1',
        'https://bucket2.xxx.yyy.com/picture/a%20b.mp4?w=1',
        'http://bucket3.xxx.yyy.com/picture/a%20b.mp4?w=1',
      ],
      requestHeaders: { 'content-encoding': 'gzip', helloworld: '2222' },
    },
  },
  {
    title: 'H30 the sample with its other replacement: text around the key',
    document: sample('obs.json').replace(
      '"replaceKeyPrefixWith": "picture/"',
      '"replaceKeyWith": "prefix${key}suffix"',
    ),
    key: 'video/a',
    expected: {
      rule: 'abc123',
      action: 'mirror',
      originUrls: [
        'http://bucket1.xxx.yyy.com/prefixvideo/asuffix',
        'https://bucket2.xxx.yyy.com/prefixvideo/asuffix',
        'http://bucket3.xxx.yyy.com/prefixvideo/asuffix',
      ],
      requestHeaders: { helloworld: '2222' },
    },
  },
  {
    title: 'H7 the sample does not take what only contains the prefix',
    document: 'obs.json',
    key: 'my/video/a',
    expected: NONE,
  },
]);

const MIRROR_URL = (url: string, more = '') =>
  `<WebsiteConfiguration><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber><Condition>${more}<HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition><Redirect><RedirectType>Mirror</RedirectType><MirrorURL>${url}</MirrorURL></Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>`;

golden('oss', [
  {
    title: 'O5 the object is asked for below the address',
    document: MIRROR_URL('http://www.example-domain.com/'),
    key: 'image/example_object.jpg',
    query: 'x=1',
    headers: { accept: '*/*' },
    expected: {
      rule: 'oss-1',
      action: 'mirror',
      originUrls: ['http://www.example-domain.com/image/example_object.jpg'],
    },
  },
  {
    title: 'O6 one directory of the origin is mapped, the stored key is the same',
    document: MIRROR_URL('http://www.example-domain.com/dir1/'),
    key: 'image/example_object.jpg',
    expected: {
      rule: 'oss-1',
      action: 'mirror',
      originUrls: ['http://www.example-domain.com/dir1/image/example_object.jpg'],
    },
  },
  {
    title: 'the sample, rule 1: prefix replaced, query and headers passed, three addresses',
    document: 'oss.xml',
    key: 'abc/x.txt',
    query: 'v=1&OSSAccessKeyId=id&Signature=s&Expires=1',
    headers: { host: 'x.example', accept: '*/*', h3: 'no', h4: 'client', range: 'bytes=0-1' },
    expected: {
      rule: 'oss-1',
      action: 'mirror',
      originUrls: [
        'http://o.example/def/x.txt?v=1',
        'https://m.example/def/x.txt?v=1',
        'http://s.example/def/x.txt?v=1',
      ],
      requestHeaders: { accept: '*/*', h4: 'v' },
    },
  },
  {
    title: 'the sample, rule 2: what rule 1 does not take is redirected behind a prefix',
    document: 'oss.xml',
    key: 'abc/x.txt',
    headers: { host: 'y.example' },
    expected: {
      rule: 'oss-2',
      action: 'redirect',
      originUrls: ['http://o.example/prefix/abc/x.txt'],
      storedKey: null,
      redirect: { status: 302, location: 'http://o.example/prefix/abc/x.txt' },
    },
  },
  {
    title: 'O17 objects below a prefix are hidden behind one page',
    document:
      '<WebsiteConfiguration><RoutingRules><RoutingRule><Condition><KeyPrefixEquals>secret/</KeyPrefixEquals></Condition><Redirect><RedirectType>External</RedirectType><Protocol>https</Protocol><HostName>www.example.com</HostName><ReplaceKeyWith>special.html</ReplaceKeyWith></Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>',
    key: 'secret/report.pdf',
    expected: {
      rule: 'oss-1',
      action: 'redirect',
      originUrls: ['https://www.example.com/special.html'],
      storedKey: null,
      redirect: { status: 301, location: 'https://www.example.com/special.html' },
    },
  },
]);

golden('qiniu', [
  {
    title: 'K1 the sample: several sources in order, with the host of each',
    document: 'qiniu.json',
    key: 'find.man.txt',
    expected: {
      rule: 'qiniu',
      action: 'mirror',
      originUrls: ['http://a.example/find.man.txt', 'http://b.example/find.man.txt'],
      requestHeaders: { host: 'www.example.com' },
    },
  },
]);

golden('cos', [
  {
    title: 'the sample, rule 1: prefix and suffix replaced, hosts by weight, then standbys',
    document: 'cos.xml',
    key: 'a/p.jpg',
    query: 'x=1&q-signature=s',
    headers: { host: 'cdn.example', 'x-device': 'tv', 'x-secretive': 's', accept: '*/*' },
    expected: {
      rule: 'cos-1',
      action: 'mirror',
      originUrls: [
        'http://o1.example/b/p.jpeg?x=1',
        'http://o2.example/b/p.jpeg?x=1',
        'http://s1.example/b/p.jpeg?x=1',
        'http://s2.example/b/p.jpeg?x=1',
      ],
      requestHeaders: { 'x-device': 'tv', 'x-new': 'v' },
    },
  },
  {
    title: 'the sample, rule 1 takes no request for a forbidden host',
    document: 'cos.xml',
    key: 'a/p.jpg',
    headers: { host: 'x.example' },
    expected: NONE,
  },
  {
    title: 'the sample, rule 2: a redirect to one file',
    document: 'cos.xml',
    key: 'gone/p.jpg',
    query: 'x=1',
    expected: {
      rule: 'cos-2',
      action: 'redirect',
      originUrls: ['https://o1.example/f.html'],
      storedKey: null,
      redirect: { status: 302, location: 'https://o1.example/f.html' },
    },
  },
]);

golden('tos', [
  {
    title: 'the sample: a part of the prefix replaced, all headers but one passed',
    document: 'tos.json',
    key: 'a/pics',
    query: 'w=1&X-Tos-Signature=s',
    headers: { host: 'h.example', a: '1', x: '2', other: '3' },
    expected: {
      rule: '1',
      action: 'mirror',
      originUrls: [
        'http://o.example/b/pics?w=1',
        'http://o2.example/b/pics?w=1',
        'http://s.example/b/pics?w=1',
        's3://old-bucket/b/pics',
      ],
      requestHeaders: { a: '1', other: '3', k: 'v' },
    },
  },
  {
    title: 'the sample takes requests for its host only',
    document: 'tos.json',
    key: 'a/pics',
    headers: { host: 'i.example' },
    expected: NONE,
  },
]);

golden('sippy', [
  {
    title: 'the sample: every key of the source bucket',
    document: 'sippy.json',
    key: 'a//b c',
    expected: { rule: 'sippy', action: 'mirror', originUrls: ['s3://media/a//b c'] },
  },
]);

golden('s3-website', [
  {
    title: 'the sample, rule 1: another key of the bucket',
    document: 's3-website.xml',
    key: 'docs/a.html',
    expected: { rule: 'website-1', action: 'rewrite', originUrls: [], storedKey: null },
  },
  {
    title: 'the sample, rule 2: what the bucket lacks is redirected',
    document: 's3-website.xml',
    key: 'images/a.png',
    expected: {
      rule: 'website-2',
      action: 'redirect',
      originUrls: ['https://old.example.com/report-404/a.png'],
      storedKey: null,
      redirect: { status: 302, location: 'https://old.example.com/report-404/a.png' },
    },
  },
]);

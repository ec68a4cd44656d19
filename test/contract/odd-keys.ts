/** Keys that tools of this kind mix up, lose or write elsewhere. */
export const ODD_KEYS: readonly string[] = [
  ...['a', 'a/', 'a//', '/a', '//', '/', 'a/b', 'a//b', 'a/b/c', 'a.txt', 'a-b'],
  ...['%2F', '%252F', '%2f', '+', ' ', 'a b', 'a+b', '?', '#', 'x?y=1#z', '&', "!'()*", '~'],
  ...['caf\u00e9', 'cafe\u0301', 'Case', 'case', 'CASE', '\u00df', 'ss'],
  ...['.', '..', './a', 'a/../b', '../b', 'a/.', 'a/..', '...', '.hidden', 'b'],
  ...['\u{1f5c4}', '\uffff', '\u{10000}', '\ue000', '\u0000', 'nul\u0000nul', '\u0001', '\u007f'],
  ...['line\nbreak', 'line\r\nbreak', 'tab\t', 'back\\slash', '\\', ' lead', 'trail ', 'trail.'],
  ...[
    '.bucketfill-bucket/x',
    '.bucketfill-bucket',
    '.bucketfill-bucket/tmp/x',
    'CON',
    'con',
    'aux.txt',
  ],
  ...['"quoted"', '<xml>&amp;', ':', '*', '|', '__proto__', 'constructor', '\ufeffbom'],
  ...[
    'k'.repeat(1024),
    '\u00e9'.repeat(512),
    `${'s'.repeat(255)}/t`,
    's'.repeat(256),
    'd/'.repeat(512),
  ],
];

import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { closeAfter, cutHalf, first, whole, withoutLastChunk, wrongRange } from './faulty-site.js';

/** Larger than what tools read ahead, so that a cut finds them in the middle. */
const OBJECT_BYTES = 3 * 1024 * 1024;

/** Bytes that repeat nowhere, and that no other name has. */
export function bytesOf(name, length = OBJECT_BYTES) {
  const blocks = [];
  for (let at = 0; at < length; at += 32) {
    blocks.push(createHash('sha256').update(`${name} ${at}`).digest());
  }
  return Buffer.concat(blocks, length);
}

/**
 * One fault.
 * @typedef {object} Trial
 * @property {string} name
 * @property {Map<string, import('./faulty-site.js').Behaviour>} objects
 * @property {Map<string, readonly string[]>} [indexes]
 * @property {string} key the object that is judged
 * @property {readonly Buffer[]} right any of these may be stored; none: nothing may
 */

const A = bytesOf('version A');
const B = bytesOf('version B');
const ARCHIVE = gzipSync(bytesOf('archive'));

function one(name, behaviour, right, key = 'object.bin') {
  return { name, key, objects: new Map([[key, behaviour]]), right };
}

/** An odd key beside one that it is easily taken for, each with bytes of its own. */
function oddKey(key, twin, links) {
  return {
    name: `key \`${key}\` beside \`${twin}\``,
    key,
    objects: new Map([key, twin].map((each) => [each, whole(bytesOf(each))])),
    indexes: links,
    right: [bytesOf(key)],
  };
}

/** Same length and same first bytes, another bit in the middle. */
function flipped(bytes) {
  const copy = Buffer.from(bytes);
  copy[copy.length >> 1] ^= 1;
  return copy;
}

const md5 = (bytes) => createHash('md5').update(bytes).digest('base64');

/** @type {readonly Trial[]} */
export const TRIALS = [
  one(
    'another version after a cut, same size, with ETags',
    first(cutHalf(A, { etag: '"a"' }), whole(B, { etag: '"b"' })),
    [A, B],
  ),
  one('the same without ETags', first(cutHalf(A), whole(B)), [A, B]),
  one(
    '206 for another range after a cut',
    first(cutHalf(A, { etag: '"a"' }), wrongRange(A, { etag: '"a"' })),
    [A],
  ),
  one('cut once, then whole', first(cutHalf(A, { etag: '"a"' }), whole(A, { etag: '"a"' })), [A]),
  one('shorter than its Content-Length, each time', cutHalf(A), []),
  one('chunked without the last chunk, each time', withoutLastChunk(A), []),
  one(
    'cut once where only the closed connection marks the end',
    first(closeAfter(A, A.length >> 1), closeAfter(A, A.length)),
    [A],
  ),
  one('other bytes than Content-MD5 says', whole(flipped(A), { 'content-md5': md5(A) }), []),
  one(
    '`archive.tgz` sent as Content-Encoding: gzip',
    whole(ARCHIVE, { 'content-encoding': 'gzip' }),
    [ARCHIVE],
    'archive.tgz',
  ),
  oddKey(
    'p%2Fq',
    'p/q',
    new Map([
      ['/', ['p%252Fq', 'p/']],
      ['/p/', ['q']],
    ]),
  ),
  oddKey(
    'x//y',
    'x/y',
    new Map([
      ['/', ['x//y', 'x/']],
      ['/x/', ['y', '/x//', '/x//y']],
      ['/x//', ['y']],
    ]),
  ),
  oddKey('z?v=1', 'z', new Map([['/', ['z%3Fv=1', 'z']]])),
];

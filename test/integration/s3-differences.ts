import type { Difference } from '../contract/s3-conformance.ts';

const NO_CHECKSUMS = 'It knows no x-amz-checksum-*; Content-MD5 is what protects a body here.';
const CODE_ONLY = 'The same refusal under another code.';

/** Ceph's gateway 16.2, as Debian 12 has it. */
export const RADOSGW_DIFFERENCES: Readonly<Record<string, Difference>> = {
  'refuses a signature for another region': {
    verdict: '200',
    reason: 'It takes the region of the scope as it is given.',
  },
  'tells its region to a signature for another one': {
    verdict: 'not told',
    reason: 'It refuses no region, so it has none to tell.',
  },
  'refuses x-amz- headers that were not signed': {
    verdict: '200',
    reason: 'It checks the headers that were signed and no others.',
  },
  'refuses a body with another CRC-32': { verdict: '200', reason: NO_CHECKSUMS },
  'refuses a body with another CRC-32C': { verdict: '200', reason: NO_CHECKSUMS },
  'refuses a body with another SHA-256 as its checksum': { verdict: '200', reason: NO_CHECKSUMS },
  'keeps a checksum and tells it where it is asked for': {
    verdict: 'not told',
    reason: NO_CHECKSUMS,
  },
  'refuses a body whose length is not told': {
    verdict: '411 MissingContentLength',
    reason: CODE_ONLY,
  },
  'refuses aws-chunked': {
    verdict: '400 XAmzContentSHA256Mismatch',
    reason: 'It takes the name of the unsigned trailer for a hash.',
  },
  'refuses UNSIGNED-PAYLOAD without TLS': {
    verdict: '200',
    reason: 'It may stand behind something that speaks TLS for it.',
  },
  'refuses a storage class that is none': { verdict: '400 InvalidArgument', reason: CODE_ONLY },
  'refuses more than 2 KB of metadata': {
    verdict: '200',
    reason: 'Its limits are in the number of entries and the size of each.',
  },
  'refuses eleven tags': { verdict: '400 InvalidArgument', reason: CODE_ONLY },
  'keeps keys with a NUL apart': {
    verdict: '"keys/nul\\u0000nul" 400',
    reason: 'A NUL ends its strings, so it refuses such keys.',
  },
  'refuses a key of 1025 bytes': { verdict: '400 InvalidObjectName', reason: CODE_ONLY },
  'ignores a range that is none': {
    verdict: '200 bytes 0-9/10 0123456789',
    reason: 'The whole object under 200, with a Content-Range that says so.',
  },
  "tells a finished upload's ETag": {
    verdict: '',
    reason: 'An empty ETag in the answer; HEAD has it. So we ask HEAD.',
  },
  'refuses parts in another order': { verdict: '200', reason: 'It sorts the parts itself.' },
  'refuses part 0': { verdict: '200', reason: 'It counts from 0; we count from 1.' },
  'refuses part 10001': { verdict: '200', reason: 'Its limit is that of the list at the end.' },
  'refuses to finish twice': {
    verdict: '200',
    reason: 'It remembers finished uploads for a while, so a repeated finish succeeds.',
  },
  'leaves an object to a conditional finish': {
    verdict: '200',
    reason:
      'It ignores If-None-Match there, though PUT honours it: a finish is no proof of absence.',
  },
};

/** Swift 2.30 with s3api, as Debian 12 has it. */
export const SWIFT_DIFFERENCES: Readonly<Record<string, Difference>> = {
  'refuses a key id that nobody has': { verdict: '403 SignatureDoesNotMatch', reason: CODE_ONLY },
  'refuses a request without signature': {
    verdict: '400',
    reason: 'Without a signature a request is one of Swift, not of S3.',
  },
  'refuses to read to those without signature': {
    verdict: '400',
    reason: 'Without a signature a request is one of Swift, not of S3.',
  },
  'refuses a body with another hash': { verdict: '400 BadDigest', reason: CODE_ONLY },
  'refuses a body with another CRC-32': { verdict: '200', reason: NO_CHECKSUMS },
  'refuses a body with another CRC-32C': { verdict: '200', reason: NO_CHECKSUMS },
  'refuses a body with another SHA-256 as its checksum': { verdict: '200', reason: NO_CHECKSUMS },
  'keeps a checksum and tells it where it is asked for': {
    verdict: 'not told',
    reason: NO_CHECKSUMS,
  },
  'refuses a body whose length is not told': {
    verdict: '200',
    reason: 'It takes chunked bodies; we never send one.',
  },
  'stores nothing of a body that it refused': {
    verdict: '200',
    reason: 'It is the chunked body that it did not refuse.',
  },
  'refuses UNSIGNED-PAYLOAD without TLS': {
    verdict: '200',
    reason: 'It may stand behind something that speaks TLS for it.',
  },
  'refuses more than 2 KB of metadata': {
    verdict: '500 InternalError',
    reason: 'Refused by the store behind it, at 256 bytes an entry; not worth asking again.',
  },
  'refuses eleven tags': { verdict: '501 NotImplemented', reason: 'It has no tags.' },
  'keeps tags, and tells how many': {
    verdict: 'threw PUT tags: 501 NotImplemented',
    reason: 'It has no tags.',
  },
  'keeps keys with a NUL apart': {
    verdict: '"keys/nul\\u0000nul" 400 InvalidURI',
    reason: 'It refuses such keys.',
  },
  'leaves an object to a conditional PUT': {
    verdict: '501 NotImplemented',
    reason: 'No conditional writes in this version.',
  },
  'stores a conditional PUT where nothing is': {
    verdict: '501 NotImplemented',
    reason: 'No conditional writes in this version.',
  },
  'leaves an object to a conditional finish': {
    verdict: '412 InvalidRequest',
    reason: CODE_ONLY,
  },
  'takes numbers with gaps, and parts in any order of coming': {
    verdict: 'threw part 10000: 400 InvalidArgument',
    reason: 'At most 1,000 parts, by its default max_upload_part_num.',
  },
  'refuses to finish twice': {
    verdict: '200',
    reason: 'It compares with the object that is there, so a repeated finish succeeds.',
  },
};

import { z } from 'zod';

import type { BucketLocation, BucketSettings } from '../../model/rule.ts';
import { fields } from './fields.ts';
import { s3Settings, s3Shape } from './s3.ts';
import { line } from './scalars.ts';

const url = z.string().transform((text, context) => {
  const location = bucketLocation(text);
  if (typeof location !== 'string') return { url: text, location };
  context.addIssue({ code: 'custom', message: location });
  return z.NEVER;
});

/** `bucket`: where objects land. */
export const bucketSchema = fields({
  url: url.meta({
    description: 's3://BUCKET or s3://BUCKET/PREFIX/, or file:./dir for a directory',
    examples: ['s3://media', 'file:./bucket'],
  }),
  ...s3Shape,
  storageClass: line.optional(),
  acl: line.optional(),
  sse: fields({ type: z.enum(['AES256', 'aws:kms', 'aws:kms:dsse']), keyId: line.optional() })
    .transform((sse) => ({ type: sse.type, keyId: sse.keyId }))
    .optional(),
  checksum: z.enum(['auto', 'none', 'md5', 'crc32', 'crc32c', 'sha256']).prefault('auto'),
  conditionalWrites: z.enum(['auto', 'always', 'never']).prefault('auto'),
}).transform((bucket): BucketSettings => ({
  ...s3Settings(bucket),
  ...bucket.url,
  storageClass: bucket.storageClass,
  acl: bucket.acl,
  sse: bucket.sse,
  checksum: bucket.checksum,
  conditionalWrites: bucket.conditionalWrites,
}));

/** Where the bucket is, or what is wrong with its URL. */
function bucketLocation(url: string): BucketLocation | string {
  if (url.startsWith('file:')) return fileLocation(url.slice('file:'.length));
  if (!url.startsWith('s3://')) {
    return 'expected s3://BUCKET, s3://BUCKET/PREFIX/ or file:./dir (another store than AWS: s3://BUCKET and `endpoint`)';
  }
  const rest = url.slice('s3://'.length);
  const slash = rest.indexOf('/');
  const bucket = slash === -1 ? rest : rest.slice(0, slash);
  const prefix = slash === -1 ? '' : rest.slice(slash + 1);
  if (bucket.includes('@')) return 'the URL holds credentials; use `credentials: { env: PREFIX }`';
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{2,254}$/.test(bucket)) {
    return 'the name of the bucket is missing or cannot be one; expected s3://BUCKET';
  }
  if (prefix !== '' && !prefix.endsWith('/')) {
    return `a prefix ends with /; did you mean \`${url}/\`?`;
  }
  return { kind: 's3', bucket, prefix };
}

function fileLocation(path: string): BucketLocation | string {
  const local = path.startsWith('///') ? path.slice(2) : path;
  if (local === '' || local.includes('\0')) return 'names no directory; expected file:./dir';
  if (local.startsWith('//')) {
    return 'a file: URL names no host; expected file:./dir or file:///absolute/dir';
  }
  return { kind: 'file', path: local };
}

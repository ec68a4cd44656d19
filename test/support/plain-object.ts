import type { DoubleObject } from './s3-double-state.ts';

/** An object of the S3 double that has nothing beside its bytes. */
export const PLAIN_OBJECT: Omit<DoubleObject, 'bytes' | 'etag' | 'lastModifiedMs'> = {
  checksums: {},
  headers: {},
  metadata: {},
  tags: {},
  storageClass: 'STANDARD',
  acl: 'private',
  sse: undefined,
};

import { z } from 'zod';

import type { StoreSettings } from '../../model/rule.ts';
import { fields } from './fields.ts';
import { answerHeaderNames, headerName, size, someKeyPart } from './scalars.ts';

/** The seven headers that the seeds store (statements, O9 and B10). */
const STORED_HEADERS = [
  'content-type',
  'content-encoding',
  'content-disposition',
  'cache-control',
  'expires',
  'content-language',
  'access-control-allow-origin',
];

/** S3 takes parts of 5 MiB to 5 GiB, and single puts up to 5 GiB (AWS S3 User Guide). */
const MIN_PART_BYTES = 5 * 1024 ** 2;
const MAX_PART_BYTES = 5 * 1024 ** 3;
/** S3 accepts ten tags an object, names of 128 and values of 256 characters. */
const MAX_TAGS = 10;
const MAX_TAG_NAME = 128;
const MAX_TAG_VALUE = 256;

const tags = z
  .record(z.string().min(1).max(MAX_TAG_NAME), z.string().max(MAX_TAG_VALUE))
  .refine((map) => Object.keys(map).length <= MAX_TAGS, { error: 'S3 takes at most 10 tags' })
  .transform((map) => Object.entries(map).map(([name, value]) => ({ name, value })));

const mediaType = z.string().regex(/^[\w.+-]+\/[\w.+-]+(\s*;\s*[\w.+-]+=[^\s;]+)*$/, {
  error: 'expected a media type such as application/wasm',
});

const metadataName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, {
  error: 'expected a name of letters, digits, `.`, `_` and `-`, without x-amz-meta-',
});

const partSize = size(MIN_PART_BYTES).refine((bytes) => bytes <= MAX_PART_BYTES, {
  error: 'S3 accepts parts of at most 5GiB',
});

/** `store`: what is kept of an answer, and what is not stored at all. */
export const storeSchema = fields({
  requireLength: z.boolean().prefault(false),
  unknownLength: z.enum(['confirm', 'accept', 'refuse']).prefault('confirm'),
  headers: answerHeaderNames.prefault(STORED_HEADERS),
  userMetadata: z.boolean().prefault(true),
  metadataFrom: z.array(fields({ header: headerName, name: metadataName })).prefault([]),
  originValidators: z.boolean().prefault(true),
  storageClass: z.string().min(1).optional(),
  tags: tags.prefault({}),
  contentType: fields({
    guess: z.enum(['missing', 'never', 'always']).prefault('never'),
    override: z.array(fields({ suffix: someKeyPart, type: mediaType })).prefault([]),
  }).prefault({}),
  private: z.enum(['auto', 'refuse', 'store']).prefault('auto'),
  variants: z.enum(['plain', 'any']).prefault('plain'),
  reject: fields({
    empty: z.boolean().prefault(false),
    htmlForMedia: z.boolean().prefault(false),
    maxSize: size(1).prefault('5TiB'),
  })
    .transform(({ maxSize, ...rest }) => ({ ...rest, maxSizeBytes: maxSize }))
    .prefault({}),
  rangeMiss: z.enum(['serveAndFetch', 'serveOnly', 'waitFull']).prefault('serveAndFetch'),
  multipart: fields({
    threshold: size(1).prefault('16MiB'),
    partSize: partSize.prefault('16MiB'),
    concurrency: z.int().min(1).max(100).prefault(4),
  })
    .transform(({ threshold, partSize: part, concurrency }) => ({
      thresholdBytes: threshold,
      partSizeBytes: part,
      concurrency,
    }))
    .prefault({}),
}).transform((store): StoreSettings => ({ ...store, storageClass: store.storageClass }));

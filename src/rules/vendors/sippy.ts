import type { Fields } from './draft-rule.ts';
import { draftRule, Noted } from './draft-rule.ts';
import { bucketPlace, s3Address } from './origin-address.ts';
import type { Vendor } from './vendor.ts';
import { jsonDocument } from './vendor.ts';
import type { VendorSource } from './vendor-source.ts';

const RULE = 'sippy';

/** Fields that name keys; what they hold is read nowhere. */
const KEY_FIELDS = ['accessKeyId', 'secretAccessKey'];

/** Cloudflare R2's Sippy: one S3 store as the source of a whole bucket. */
export const sippy: Vendor = {
  title: 'Cloudflare R2, Sippy',
  read: jsonDocument,
  draft: (document) => {
    // The API wraps its answers.
    const root = document.field('result') ?? document;
    for (const name of ['success', 'errors', 'messages']) document.drop(name, 'not a setting');
    return [draftRule(root, () => fieldsOf(root))];
  },
};

function fieldsOf(root: VendorSource): Fields {
  if (root.optionalFlag('enabled') === false) {
    throw root.problem('Sippy is not enabled for this bucket, so there is nothing to import');
  }
  const destination = root.field('destination');
  for (const name of destination?.names() ?? []) {
    if (KEY_FIELDS.includes(name)) destination?.field(name);
    else destination?.drop(name, 'the bucket is named by `bucket.url`; see --bucket');
  }
  return {
    id: RULE,
    action: 'mirror',
    origins: { masters: [addressOf(root.needed('source'))] },
    store: {
      userMetadata: new Noted(true, 'Sippy keeps x-amz-meta-*'),
    },
  };
}

function addressOf(source: VendorSource): Fields {
  const provider = source.needed('provider');
  for (const name of KEY_FIELDS) source.field(name);
  const region = source.filled('region');
  switch (provider.text().toLowerCase()) {
    case 'aws': {
      const bucket = source.needed('bucket').text();
      const place = { bucket, prefix: '', endpoint: undefined, pathStyle: false };
      if (region === undefined) source.warn('no region is given; us-east-1 is taken');
      return s3Address(source, place, { rule: RULE, region });
    }
    case 's3': {
      const url = source.needed('bucketUrl');
      const place = bucketPlace(url.text().trim());
      if (place === undefined) {
        throw url.problem('no bucket can be told from this; expected https://STORE/BUCKET');
      }
      return s3Address(url, place, { rule: RULE, region });
    }
    case 'gcs':
    case 'azure':
      throw provider.problem(
        'sources at Google Cloud Storage and Azure cannot be read; bucketfill reads S3 stores and HTTP sites',
      );
    default:
      throw provider.problem('expected aws or s3');
  }
}

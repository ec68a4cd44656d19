import type { Fields, FieldValue } from './draft-rule.ts';
import { Noted } from './draft-rule.ts';
import { httpAddress, s3Address } from './origin-address.ts';
import type { VendorSource } from './vendor-source.ts';

/**
 * `origins` of a BOS rule: `sourceUrl`, and for mirrors `backSourceUrl`, which is also asked where
 * the first origin answers 404.
 * @param rule the rule's id
 */
export function bosOrigins(source: VendorSource, rule: string, redirects: boolean): Fields {
  const master = addressOf(source.needed('sourceUrl'), rule);
  const backup = source.field('backSourceUrl');
  if (backup === undefined || backup.text().trim() === '') return { masters: [master] };
  if (redirects) {
    source.drop('backSourceUrl', 'a backup origin is for mode fetch only');
    return { masters: [master] };
  }
  backup.warn('the backup is asked on 404 too; remove 404 from `retryOn` if it should not be');
  return {
    masters: [master],
    slaves: [addressOf(backup, rule)],
    retryOn: [new Noted(404, 'the backup may have what the first origin lacks'), '5XX'],
  };
}

function addressOf(source: VendorSource, rule: string): FieldValue {
  const own = /^bos:\/\/([^/?#@\s]+)\/([^/?#@\s]+)\/?$/i.exec(source.text().trim());
  if (own === null) return httpAddress(source, { rule, schemeMayLack: true });
  const [, host = '', bucket = ''] = own;
  // BOS speaks S3 at a host of its own beside each region's.
  const endpoint = `https://${host.startsWith('s3.') ? host : `s3.${host}`}`;
  const region = host.replace(/^s3\./, '').split('.')[0];
  const place = { bucket, prefix: '', endpoint, pathStyle: true };
  return s3Address(source, place, { rule, region });
}

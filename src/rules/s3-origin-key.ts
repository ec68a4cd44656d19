import { Failure } from '../model/failure.ts';
import { keyProblem } from '../model/object-key.ts';
import type { KeyRewrite } from '../model/rule.ts';

/**
 * The whole key of an origin key in a store: S3 is exact, so prefix and key are only joined.
 * @param prefix what follows the bucket in `s3://BUCKET/PREFIX/`
 * @throws Failure `KEY_INVALID` where that is no key: an empty one would name the bucket itself.
 */
export function s3OriginKey(prefix: string, originKey: string, { slashes }: KeyRewrite): string {
  const needsSlash = prefix !== '' && !prefix.endsWith('/') && slashes !== 'raw';
  const whole = `${prefix}${needsSlash ? '/' : ''}${originKey}`;
  const problem = keyProblem(whole);
  if (problem === undefined) return whole;
  throw new Failure('KEY_INVALID', `at the S3 origin ${problem}: change the rule's key rewriting`);
}

/** Bucket and prefix of `s3://BUCKET[/PREFIX]`; undefined for any other URL. */
export function s3Location(
  url: string,
): { readonly bucket: string; readonly prefix: string } | undefined {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/?#@]+)(?:\/(.*))?$/s.exec(url) ?? [];
  return bucket === undefined ? undefined : { bucket, prefix };
}

import type { BucketSettings, KeyRewrite, OriginAddress, Rule, Rules } from '../model/rule.ts';
import { isSecretHeader } from './inline-secret.ts';
import { isInBucket } from './is-in-bucket.ts';
import { splitUrl } from './origin-url-problem.ts';
import { hostKind } from './private-address.ts';
import type { Finding } from './problem.ts';

/** What is doubtful about a rule's addresses: refused, secrets in the clear, the bucket itself. */
export function lintAddresses(rule: Rule, index: number, rules: Rules): Finding[] {
  if (rule.origins === undefined) return [];
  const { masters, slaves } = rule.origins;
  const located = [
    ...masters.map((address, at) => ({ address, path: ['masters', at] })),
    ...slaves.map((address, at) => ({ address, path: ['slaves', at] })),
  ];
  return located.flatMap(({ address, path }) => {
    const full = ['rules', index, 'origins', ...path];
    return [
      ...refused(address, full, rules.allowPrivate),
      ...plainCredentials(rule, address, full),
      ...theBucket(rule, address, full, rules.bucket),
    ];
  });
}

function refused(
  address: OriginAddress,
  path: readonly (string | number)[],
  allowPrivate: boolean,
): Finding[] {
  const host = address.connectTo ?? hostOf(address);
  if (host === undefined) return [];
  const kind = hostKind(host);
  if (kind === 'link-local') {
    const message = `${host} is link-local, where clouds keep their metadata; it is always refused`;
    return [{ lint: 'address-refused', path, message }];
  }
  if (kind === 'public' || allowPrivate) return [];
  const message = `${host} is a ${kind} address and will be refused; set \`allowPrivate: true\` to allow it`;
  return [{ lint: 'address-refused', path, message }];
}

function hostOf({ url }: OriginAddress): string | undefined {
  const parts = 'text' in url ? splitUrl(url.text) : undefined;
  return parts === undefined || parts.scheme === 's3' ? undefined : parts.authority;
}

function plainCredentials(
  rule: Rule,
  { url, headers }: OriginAddress,
  path: readonly (string | number)[],
): Finding[] {
  if (!('text' in url) || !url.text.startsWith('http:')) return [];
  const secret = [...headers, ...rule.request.headers.set].find(
    ({ name, value }) => 'env' in value || isSecretHeader(name, value.text),
  );
  if (secret === undefined) return [];
  const message = `\`${secret.name}\` goes over plain http, where anybody on the way can read it; use https`;
  return [{ lint: 'plain-http-credentials', path, message }];
}

function theBucket(
  { key, match }: Rule,
  { url, s3 }: OriginAddress,
  path: readonly (string | number)[],
  bucket: BucketSettings,
): Finding[] {
  const changesKeys = rewritesKeys(key, match.keyPrefix ?? '');
  if (changesKeys || !('text' in url) || !isInBucket(url.text, s3, bucket)) return [];
  const message = 'is the bucket itself: what the bucket lacks, it lacks too';
  return [{ lint: 'origin-is-bucket', path, message }];
}

function rewritesKeys(key: KeyRewrite, keyPrefix: string): boolean {
  return (
    (key.replacePrefix !== undefined && key.replacePrefix !== keyPrefix) ||
    key.replaceSuffix !== undefined ||
    [key.fixed, key.template?.before, key.template?.after, key.addPrefix, key.addSuffix].some(
      (part) => part !== undefined && part !== '',
    )
  );
}

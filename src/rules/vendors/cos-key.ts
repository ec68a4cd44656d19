import type { Fields } from './draft-rule.ts';
import { replacedPrefix } from './key-fields.ts';
import type { VendorSource } from './vendor-source.ts';

/**
 * `key` for a COS rule's `FileInfo`. A prefix or suffix with its `ReplacedWith…` is replaced, one
 * without is added; the older form has both directly in `FileInfo`.
 * @throws FatalError `usage` for a fixed file where objects are copied.
 */
export function cosKeyFields(
  info: VendorSource | undefined,
  condition: string,
  redirects: boolean,
): Fields {
  if (info === undefined) return {};
  const fixed = info.field('FixedFileConfiguration')?.filled('FixedFilePath');
  if (fixed !== undefined) return fixedFields(info, fixed, redirects);
  const replaced = prefixFields(info, condition);
  const suffix = info.field('SuffixConfiguration');
  const from = suffix?.filled('Suffix') ?? info.filled('Suffix');
  const to = suffix?.optionalText('ReplacedWithSuffix');
  warnOfOldForm(info);
  return {
    ...replaced,
    ...(to === undefined || to === '' ? { addSuffix: from } : { replaceSuffix: { from, to } }),
  };
}

function warnOfOldForm(info: VendorSource): void {
  info.field('PrefixDirective');
  if (info.filled('Prefix') === undefined && info.filled('Suffix') === undefined) return;
  info.warn('the older form of Prefix and Suffix; they are taken as put around the key');
}

function prefixFields(info: VendorSource, condition: string): Fields {
  const configuration = info.field('PrefixConfiguration');
  const from = configuration?.filled('Prefix') ?? info.filled('Prefix') ?? '';
  const to = configuration?.optionalText('ReplacedWithPrefix');
  if (configuration === undefined || to === undefined || to === '') {
    return { addPrefix: from === '' ? undefined : from };
  }
  return replacedPrefix({ holder: configuration, condition, from, to });
}

function fixedFields(info: VendorSource, fixed: string, redirects: boolean): Fields {
  if (redirects) return { fixed };
  throw info.problem(
    '`FixedFileConfiguration`: every key would be stored with the same content; bucketfill has that for redirects only',
  );
}

import type { Fields } from './draft-rule.ts';
import type { VendorSource } from './vendor-source.ts';

/**
 * `key` of a BOS rule: `prefixReplace` crops or replaces the prefix of the condition, `suffix`
 * takes the place of the extension, `prefix` is a folder in front. Slashes are neither doubled nor
 * lost where the parts meet.
 * @param prefix the condition
 */
export function bosKeyFields(source: VendorSource, prefix: string): Fields {
  const suffix = source.filled('suffix');
  const folder = source.filled('prefix');
  if (folder?.endsWith('/') === true && source.field('resource') === undefined) {
    source.warn('`resource` is absent: every key is taken, `prefix` is put in front of it');
  }
  return {
    replacePrefix: replacement(source, prefix),
    replaceSuffix: suffix === undefined ? undefined : { to: suffix },
    addPrefix: folder === undefined ? undefined : asFolder(folder.replace(/^\//, '')),
  };
}

function replacement(source: VendorSource, prefix: string): string | undefined {
  const version = source.optionalText('version')?.trim().toLowerCase();
  const field = source.field('prefixReplace');
  if (field === undefined) return undefined;
  const text = field.text();
  if (text === '') return version === 'v2' && prefix !== '' ? '' : undefined;
  if (version !== 'v2')
    field.warn('its meaning is known for version v2 only, and taken from there');
  const bare = text.replace(/^\/|\/$/g, '');
  // What follows the prefix begins with the slash already, unless the prefix ends with it.
  return prefix === '' || prefix.endsWith('/') ? asFolder(bare) : bare;
}

function asFolder(text: string): string {
  return text === '' || text.endsWith('/') ? text : `${text}/`;
}

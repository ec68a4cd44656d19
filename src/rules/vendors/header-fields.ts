import { isDeniedHeader, isHeaderName, isHeaderValue } from '../header-names.ts';
import { isSecretHeader } from '../inline-secret.ts';
import type { Fields, FieldValue } from './draft-rule.ts';
import { shown } from './import-notes.ts';
import type { VendorSource } from './vendor-source.ts';
import { warnBeyond } from './warn-beyond.ts';

/** A vendor's three lists of headers and the switch that passes all. */
export interface HeaderLists {
  readonly passAll: boolean;
  readonly pass: readonly VendorSource[];
  readonly remove: readonly VendorSource[];
  readonly set: readonly { readonly name: VendorSource; readonly value: VendorSource }[];
}

/** The lists in the fields PassAll, Pass, Remove and Set, as OSS and TOS spell them. */
export function passRemoveSet(holder: VendorSource | undefined): HeaderLists {
  if (holder === undefined) return { passAll: false, pass: [], remove: [], set: [] };
  return {
    passAll: holder.optionalFlag('PassAll') ?? false,
    pass: holder.all('Pass'),
    remove: holder.all('Remove'),
    set: holder.all('Set').map((entry) => ({
      name: entry.needed('Key'),
      value: entry.needed('Value'),
    })),
  };
}

/** What becomes of a name that bucketfill neither passes nor sets. */
type OnDenied = (name: VendorSource, text: string) => void;

/**
 * `request.headers` of a rule. Names on the deny list are dropped with a warning; values that are
 * credentials become `{ env: NAME }`.
 * @param rule the rule's id, for the variables' names
 * @throws FatalError `usage` for what is no header at all, and for one that is set twice.
 */
export function headerFields(
  lists: HeaderLists,
  rule: string,
  onDenied: OnDenied = warnDenied,
): Fields {
  const pass = namesOf(lists.pass, (name) => name !== 'cookie' && isDeniedHeader(name), onDenied);
  const remove = namesOf(lists.remove, () => false, onDenied);
  const set = setFields(lists.set, rule, onDenied);
  return {
    passAll: lists.passAll ? true : undefined,
    pass: pass.length === 0 ? undefined : pass,
    remove: remove.length === 0 ? undefined : remove,
    set,
  };
}

/** Whether anything of the client's request reaches the origin through these lists. */
export function passesHeaders({ passAll, pass }: HeaderLists): boolean {
  return passAll || pass.length > 0;
}

/** Refuses more entries than the vendor allows, naming the list. */
export function limitLists(lists: HeaderLists, most: number, holder: VendorSource): void {
  for (const name of ['pass', 'remove', 'set'] as const) {
    const count = lists[name].length;
    if (count <= most) continue;
    throw holder.problem(`${count} headers to ${name}; this vendor allows at most ${most}`);
  }
}

/** As {@link limitLists}, where what the vendor would refuse works here all the same. */
export function warnLongLists(lists: HeaderLists, most: number, holder: VendorSource): void {
  for (const name of ['pass', 'remove', 'set'] as const) {
    warnBeyond(holder, lists[name].length, most, `headers to ${name}`);
  }
}

function warnDenied(name: VendorSource, text: string): void {
  name.warn(`dropped: \`${text}\` is never passed on to an origin, nor set for it`);
}

function namesOf(
  sources: readonly VendorSource[],
  isDenied: (name: string) => boolean,
  onDenied: OnDenied,
): readonly string[] {
  const names = new Set<string>();
  for (const source of sources) {
    const name = headerName(source);
    if (isDenied(name)) onDenied(source, name);
    else names.add(name);
  }
  return [...names];
}

function setFields(entries: HeaderLists['set'], rule: string, onDenied: OnDenied): Fields {
  const seen = new Set<string>();
  const fields: Record<string, FieldValue> = {};
  for (const { name: source, value } of entries) {
    const name = headerName(source);
    if (seen.has(name)) throw source.problem(`\`${name}\` is set twice; keep one`);
    seen.add(name);
    const text = value.text();
    if (!isHeaderValue(text)) throw value.problem('holds what no header can carry');
    if (isDeniedHeader(name)) onDenied(source, name);
    else fields[name] = isCredential(name, text) ? fromEnvironment(value, rule, name) : text;
  }
  return fields;
}

/** Beside what is one by name or look: a URL with a user name in it. */
function isCredential(name: string, text: string): boolean {
  return isSecretHeader(name, text) || /:\/\/[^/?#]*@/.test(text);
}

function fromEnvironment(value: VendorSource, rule: string, name: string): Fields {
  const env = value.notes.envName(rule, name);
  value.warn(`a credential: set ${env} to it`);
  return { env };
}

function headerName(source: VendorSource): string {
  const name = source.text().trim();
  if (isHeaderName(name) && name !== '__proto__') return name.toLowerCase();
  throw source.problem(`\`${shown(name)}\` is not the name of a header`);
}

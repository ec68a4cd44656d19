import { isHeaderName } from '../header-names.ts';
import type { Fields } from './draft-rule.ts';
import { Noted } from './draft-rule.ts';
import { shown } from './import-notes.ts';
import { redirectMatch } from './routing-rules.ts';
import type { VendorSource } from './vendor-source.ts';
import { warnBeyond } from './warn-beyond.ts';

/** OSS's limit of header conditions. */
const MAX_HEADERS = 10;

const TESTS = [
  ['Equals', 'equals'],
  ['StartsWith', 'startsWith'],
  ['EndsWith', 'endsWith'],
] as const;

/** `match` of an OSS rule: mirrors answer 404 only, redirects what the condition names. */
export function ossMatch(condition: VendorSource | undefined, kind: 'mirror' | 'redirect'): Fields {
  return {
    ...(kind === 'mirror' ? mirrorMatch(condition) : redirectMatch(condition)),
    keySuffix: condition?.filled('KeySuffixEquals'),
    headers: headerConditions(condition),
  };
}

function mirrorMatch(condition: VendorSource | undefined): Fields {
  const code = condition?.field('HttpErrorCodeReturnedEquals');
  if (code !== undefined && code.text().trim() !== '' && code.whole() !== 404) {
    throw code.problem('OSS mirrors on 404 only');
  }
  return { keyPrefix: condition?.filled('KeyPrefixEquals') };
}

function headerConditions(condition: VendorSource | undefined): readonly Fields[] | undefined {
  const conditions = (condition?.all('IncludeHeader') ?? []).map(headerCondition);
  if (condition !== undefined) {
    warnBeyond(condition, conditions.length, MAX_HEADERS, 'IncludeHeader');
  }
  return conditions.length === 0 ? undefined : conditions;
}

function headerCondition(source: VendorSource): Fields {
  const name = source.needed('Key').text().trim();
  if (!isHeaderName(name)) throw source.problem(`\`${shown(name)}\` is not the name of a header`);
  const given = TESTS.flatMap(([from, to]) => {
    const text = source.filled(from);
    return text === undefined ? [] : [{ [to]: text }];
  });
  const [test] = given;
  if (test === undefined || given.length > 1) {
    throw source.problem('expected exactly one of Equals, StartsWith and EndsWith');
  }
  return { name: name.toLowerCase(), ...test };
}

/** The methods of a mirror rule: OSS answers HEAD from the origin only where it is told to. */
export function ossMethods(redirect: VendorSource): Noted {
  const allowsHead = redirect.optionalFlag('MirrorAllowHeadObject') === true;
  return new Noted(
    allowsHead ? ['GET', 'HEAD'] : ['GET'],
    'HEAD only where MirrorAllowHeadObject is true',
  );
}

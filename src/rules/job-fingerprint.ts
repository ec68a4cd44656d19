import type { Fingerprint } from '../model/checkpoint.ts';
import type { KeyChoice } from '../model/event.ts';
import type { Rules } from '../model/rule.ts';

/** Flags that decide what is copied, by their names without `--`. */
export type FingerprintFlags = Readonly<Record<string, string | readonly string[]>> & {
  readonly overwrite: string;
  readonly keys: string;
};

/**
 * What decides what a job copies and to where, field by field: the bucket, the rules' match,
 * action, key and store, their order, the scan, the flags. Addresses, limits, timeouts,
 * credentials and what serve answers may change between two runs of a job and are not part of it.
 * @param bucket what names the very bucket that is filled, not merely its URL
 */
export function jobFingerprint(rules: Rules, bucket: string, flags: FingerprintFlags): Fingerprint {
  const fields: [string, unknown][] = [
    ['bucket', bucket],
    ['order', rules.rules.map(({ id }) => id)],
    ...rules.rules.flatMap((rule): [string, unknown][] => [
      [`rule.${rule.id}.match`, rule.match],
      [`rule.${rule.id}.action`, rule.action],
      [`rule.${rule.id}.key`, rule.key],
      [`rule.${rule.id}.store`, rule.store],
    ]),
    ['scan', rules.scan],
    ...Object.entries(flags).map(([name, value]): [string, unknown] => [`flag.${name}`, value]),
  ];
  return Object.fromEntries(fields.map(([name, value]) => [name, canonical(value)]));
}

/** Whether a fingerprint is of a job that fills the bucket which `bucket` names. */
export function isOfBucket(fingerprint: Fingerprint, bucket: string): boolean {
  return fingerprint['bucket'] === canonical(bucket);
}

/** Which keys the job of a fingerprint is about; null where it is about all. */
export function keyChoiceOf(fingerprint: Fingerprint = {}): KeyChoice | null {
  const rule = textsOf(fingerprint, 'rule').filter((id) => id !== '');
  const [prefix] = textsOf(fingerprint, 'prefix');
  const include = textsOf(fingerprint, 'include');
  const exclude = textsOf(fingerprint, 'exclude');
  if (prefix === undefined && rule.length + include.length + exclude.length === 0) return null;
  return {
    ...(rule.length === 0 ? {} : { rule }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(include.length === 0 ? {} : { include }),
    ...(exclude.length === 0 ? {} : { exclude }),
  };
}

function textsOf(fingerprint: Fingerprint, flag: string): readonly string[] {
  const value: unknown = JSON.parse(valueOf(fingerprint, `flag.${flag}`) ?? '[]');
  return (Array.isArray(value) ? value : [value]).map(String);
}

/**
 * What differs between two fingerprints, in words for people: the state's own first, what is asked
 * for now second. Empty where they are equal.
 */
export function fingerprintDifferences(before: Fingerprint, now: Fingerprint): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const changed = names.filter((name) => valueOf(before, name) !== valueOf(now, name));
  const [added, removed] = [ruleIds(now, before), ruleIds(before, now)];
  const moved = added.length === 0 && removed.length === 0;
  return [
    ...added.map((id) => `rule \`${id}\` was added`),
    ...removed.map((id) => `rule \`${id}\` was removed`),
    ...changed
      .filter((name) => !name.startsWith('rule.') || isInBoth(name, before, now))
      .filter((name) => name !== 'order' || moved)
      .map((name) => difference(name, valueOf(before, name), valueOf(now, name))),
  ];
}

function difference(name: string, before: string | undefined, now: string | undefined): string {
  if (name === 'order') return 'the rules stand in another order';
  const rule = /^rule\.([^.]+)\.([^.]+)$/.exec(name);
  if (rule !== null) return `rule \`${rule[1] ?? ''}\`: ${rule[2] ?? ''} changed`;
  if (name === 'scan') return 'scan changed';
  if (name === 'bucket')
    return `the bucket is another one (was ${before ?? ''}, now it is ${now ?? ''})`;
  const shownName = name.startsWith('flag.') ? `--${name.slice('flag.'.length)}` : name;
  return `${shownName} was ${before ?? 'absent'}, now it is ${now ?? 'absent'}`;
}

/** Rules of `fingerprint` that `other` lacks. */
function ruleIds(fingerprint: Fingerprint, other: Fingerprint): string[] {
  return Object.keys(fingerprint)
    .filter((name) => name.startsWith('rule.') && name.endsWith('.match'))
    .filter((name) => valueOf(other, name) === undefined)
    .map((name) => name.slice('rule.'.length, -'.match'.length));
}

function isInBoth(name: string, before: Fingerprint, now: Fingerprint): boolean {
  return valueOf(before, name) !== undefined && valueOf(now, name) !== undefined;
}

function valueOf(fingerprint: Fingerprint, name: string): string | undefined {
  return Object.hasOwn(fingerprint, name) ? fingerprint[name] : undefined;
}

/** JSON with sorted names and nothing undefined: equal values give equal text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}

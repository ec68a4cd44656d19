import type { ImportWarning } from './import-notes.ts';
import type { VendorSource } from './vendor-source.ts';

/** A value of the rules file to be; fields that are undefined or empty maps are left out. */
export type FieldValue = string | number | boolean | readonly FieldValue[] | Noted | Fields;

export interface Fields {
  readonly [name: string]: FieldValue | undefined;
}

/** A value with a word on why it stands there. */
export class Noted {
  readonly value: Exclude<FieldValue, Noted>;
  readonly note: string;

  constructor(value: Exclude<FieldValue, Noted>, note: string) {
    this.value = value;
    this.note = note;
  }
}

/** A rule on its way into the file. */
export interface DraftRule {
  /** The place in the vendor's document; '' for all of it. */
  readonly madeFrom: string;
  readonly fields: Fields;
  readonly warnings: readonly ImportWarning[];
}

/** Drafts one rule for each source and warns of every field that was not asked for. */
export function draftRules(
  sources: readonly VendorSource[],
  draft: (source: VendorSource, index: number) => Fields,
): readonly DraftRule[] {
  return sources.map((source, index) => draftRule(source, () => draft(source, index)));
}

/** As {@link draftRules}, for one. */
export function draftRule(source: VendorSource, draft: () => Fields): DraftRule {
  const mark = source.notes.mark();
  const fields = draft();
  source.finish();
  return { madeFrom: source.path, fields, warnings: source.notes.since(mark) };
}

/** Gives ids that a rules file accepts, each once: other characters become `-`. */
export function ruleIds(): (wanted: string) => string {
  const taken = new Set<string>();
  return (wanted) => {
    const plain = wanted.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, 200);
    let id = plain;
    for (let copy = 2; taken.has(id); copy += 1) id = `${plain}-${copy}`;
    taken.add(id);
    return id;
  };
}

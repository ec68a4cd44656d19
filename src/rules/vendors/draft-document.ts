import type { DraftRule } from './draft-rule.ts';
import { ImportNotes } from './import-notes.ts';
import type { Vendor } from './vendor.ts';
import type { VendorNode } from './vendor-node.ts';
import { MAX_CHARACTERS } from './vendor-node.ts';
import { VendorSource } from './vendor-source.ts';

/** A vendor's document that could be read. */
export interface VendorText {
  readonly node: VendorNode;
  readonly notes: ImportNotes;
}

/**
 * Reads a vendor's document.
 * @param file its name, for messages
 * @throws FatalError `usage`, one line, where it is not the JSON or XML that it should be.
 */
export function readVendorText(vendor: Vendor, text: string, file: string): VendorText {
  const notes = new ImportNotes(file, /^\s*</.test(text) ? 'xml' : 'json');
  if (text.length > MAX_CHARACTERS) {
    throw notes.problem('', `has ${text.length} characters, at most ${MAX_CHARACTERS} are read`);
  }
  const bare = text.replace(/^\uFEFF/, '');
  if (bare.trim() === '') throw notes.problem('', 'is empty');
  return { node: vendor.read(bare, notes), notes };
}

/**
 * Drafts the rules of a document and takes note of every field that was dropped or is doubtful.
 * @throws FatalError `usage`, one line, for what contradicts itself or can't be had.
 */
export function draftDocument(vendor: Vendor, { node, notes }: VendorText): readonly DraftRule[] {
  const root = new VendorSource(node, '', notes);
  const rules = vendor.draft(root);
  root.finish();
  return rules;
}

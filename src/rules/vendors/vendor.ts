import type { DraftRule } from './draft-rule.ts';
import type { ImportNotes } from './import-notes.ts';
import { readJson } from './read-json.ts';
import { readXml } from './read-xml.ts';
import type { VendorNode } from './vendor-node.ts';
import type { VendorSource } from './vendor-source.ts';

/** How one vendor's configuration becomes rules. */
export interface Vendor {
  /** As the head of the file and the help name it. */
  readonly title: string;
  /** @throws FatalError `usage` where the text is not the document that it should be. */
  readonly read: (text: string, notes: ImportNotes) => VendorNode;
  /** @throws FatalError `usage` for what contradicts itself or can't be had. */
  readonly draft: (root: VendorSource) => readonly DraftRule[];
}

/** Reads JSON only. */
export function jsonDocument(text: string, notes: ImportNotes): VendorNode {
  if (notes.format === 'json') return readJson(text, notes);
  throw notes.problem('', 'is XML; this vendor writes its configuration as JSON');
}

/** Reads XML with the given root. */
export function xmlDocument(rootName: string): Vendor['read'] {
  return (text, notes) => {
    if (notes.format === 'json') {
      throw notes.problem('', `is not XML; expected a document with the root <${rootName}>`);
    }
    const { name, root } = readXml(text, notes);
    if (name === rootName) return root;
    throw notes.problem('', `expected the root <${rootName}>, got another`);
  };
}

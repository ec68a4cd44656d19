import type { ScanKind } from '../model/rule.ts';
import type { Place, Tree } from './yaml-tree.ts';
import { child, items, textOf } from './yaml-tree.ts';

/** Kinds of scan that are accepted, but whose walk is still to come. A kind goes when it works. */
const SCAN_KINDS: ReadonlySet<string> = new Set<ScanKind>(['s3Inventory', 'keys']);

/** Whether a kind of scan does nothing yet. */
export function isScanIdle(kind: ScanKind): boolean {
  return SCAN_KINDS.has(kind);
}

/** A field that is set and does nothing yet. */
export interface IdleField {
  readonly at: Place;
  readonly message: string;
}

/** The fields of a file, as written, that do nothing yet. */
export function notImplementedYet(written: Tree): IdleField[] {
  return items(child(written, 'scan')).flatMap((source): IdleField[] => {
    const from = child(source, 'from');
    const kind = textOf(from);
    if (from === undefined || kind === undefined || !SCAN_KINDS.has(kind)) return [];
    return [
      { at: from.at, message: `\`${kind}\` is not implemented yet (give the keys with --keys)` },
    ];
  });
}

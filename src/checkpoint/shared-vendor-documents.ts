import type { RuleVendor, VendorDocument } from '../model/vendor-documents.ts';
import type { Connection } from './open-database.ts';
import { RankedTable } from './ranked-table.ts';
import { DamagedRow, type SealedRow } from './sealed-table.ts';
import type { SharedHead } from './shared-head.ts';
import { StoredList } from './stored-list.ts';

/** The vendors that a row may be of. */
const VENDORS = {
  qingstor: 'qingstor',
  obs: 'obs',
  oss: 'oss',
  bos: 'bos',
} as const satisfies { readonly [V in RuleVendor]: V };

/** Configurations that vendors' calls brought, one each; within the caller's transaction. */
export class SharedVendorDocuments {
  readonly #table: RankedTable;

  constructor(database: Connection) {
    this.#table = new RankedTable(database, 'vendor');
  }

  verify({ vendors }: SharedHead): void {
    this.#table.verify(vendors);
  }

  /** The last PUT first. */
  all(): readonly VendorDocument[] {
    return this.#table.all().map(open).reverse();
  }

  put(head: SharedHead, { vendor, text }: VendorDocument): SharedHead {
    const rank = (this.#table.all().at(-1)?.rank ?? 0) + 1;
    // In a list, JSON keeps text whole that is no UTF-8 by itself.
    const sealed = JSON.stringify([text]);
    return { ...head, vendors: this.#table.put(head.vendors, vendor, sealed, rank) };
  }

  remove(head: SharedHead, vendor: RuleVendor): SharedHead {
    return { ...head, vendors: this.#table.drop(head.vendors, vendor) };
  }
}

function open({ key, sealed }: SealedRow): VendorDocument {
  const vendor = Object.values(VENDORS).find((known) => known === key);
  if (vendor === undefined) throw new DamagedRow(`a stored vendor is ${JSON.stringify(key)}`);
  return { vendor, text: new StoredList(sealed).text(0) };
}

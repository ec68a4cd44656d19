import type { VendorDocument, VendorDocuments } from '../../src/model/vendor-documents.ts';

/** Vendors' configurations in memory, for tests. */
export function memoryVendorDocuments(first: readonly VendorDocument[] = []): VendorDocuments {
  let documents = [...first];
  const others = (vendor: VendorDocument['vendor']) =>
    documents.filter((document) => document.vendor !== vendor);
  return {
    all: () => Promise.resolve([...documents]),
    put: (document) => {
      documents = [document, ...others(document.vendor)];
      return Promise.resolve();
    },
    remove: (vendor) => {
      documents = others(vendor);
      return Promise.resolve();
    },
  };
}

/** Vendors whose own calls bring rules to the running proxy. */
export type RuleVendor = 'qingstor' | 'obs' | 'oss' | 'bos';

/** A configuration that a vendor's call brought. */
export interface VendorDocument {
  readonly vendor: RuleVendor;
  /** As it was PUT. */
  readonly text: string;
}

/**
 * The configurations that vendors' calls brought, at most one a vendor, in a store that all
 * processes on one bucket share. `test/contract/vendor-documents-contract.ts` holds each
 * implementation to this.
 */
export interface VendorDocuments {
  /** The last PUT first. */
  all(): Promise<readonly VendorDocument[]>;
  /**
   * Replaces what the vendor had and makes it the last PUT; durable when it resolves.
   * @throws FatalError `state-unusable`.
   */
  put(document: VendorDocument): Promise<void>;
  /** Removes what the vendor had, if anything; durable when it resolves. */
  remove(vendor: RuleVendor): Promise<void>;
}

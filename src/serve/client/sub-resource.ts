/**
 * Parameters that make a request one about something else than an object's current bytes (AWS S3
 * API Reference, "Actions"). Letter case counts, as it does for S3.
 */
const SUB_RESOURCES: ReadonlySet<string> = new Set([
  ...['abac', 'accelerate', 'acl', 'analytics', 'attributes'],
  ...['cors', 'delete', 'encryption', 'intelligent-tiering', 'inventory', 'legal-hold'],
  ...['lifecycle', 'list-type', 'location', 'logging', 'metadataConfiguration'],
  ...['metadataInventoryTable', 'metadataJournalTable', 'metadataTable', 'metrics'],
  ...['notification', 'object-lock', 'ownershipControls', 'partNumber', 'policy', 'policyStatus'],
  ...['publicAccessBlock', 'renameObject', 'replication', 'requestPayment', 'restore'],
  ...['retention', 'select', 'select-type', 'session', 'tagging', 'torrent', 'uploadId'],
  ...['uploads', 'versionId', 'versioning', 'versions', 'website'],
]);

/**
 * The first S3 sub-resource that a query names, with or without a value; undefined where it names
 * none. All other parameters, those of a signature among them, say nothing of what is asked for.
 * @param query without `?`; '' for none
 */
export function subResource(query: string): string | undefined {
  if (query === '') return undefined;
  return query
    .split('&')
    .map((pair) => parameterName(pair))
    .find((name) => SUB_RESOURCES.has(name));
}

/** The name with its ASCII decoded, so that `%61cl` is no way around `acl`. */
function parameterName(pair: string): string {
  const [name = ''] = pair.split('=', 1);
  if (!name.includes('%')) return name;
  return name.replaceAll(/%([0-7][0-9A-Fa-f])/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

import type { Fields, FieldValue } from './draft-rule.ts';
import { draftRule, Noted } from './draft-rule.ts';
import type { ImportNotes } from './import-notes.ts';
import { httpAddress } from './origin-address.ts';
import type { Vendor } from './vendor.ts';
import { jsonDocument } from './vendor.ts';
import type { VendorNode } from './vendor-node.ts';
import { VendorSource } from './vendor-source.ts';

const RULE = 'qiniu';

/** Addresses that are asked for one object where a rule says nothing. */
const USUAL_ADDRESSES = 3;

/** Qiniu's mirror source: the answer of `/v2/bucketInfo`, or the call that set it (`/image/…`). */
export const qiniu: Vendor = {
  title: 'Qiniu, mirror source of a bucket',
  read: (text, notes) => {
    const call = /\/image\/[^/\s]+\/from\/([^/\s]+)(?:\/host\/([^/\s]+))?/.exec(text);
    const isCall = call !== null && !text.trimStart().startsWith('{');
    return isCall ? callNode(call, notes) : jsonDocument(text, notes);
  },
  draft: (root) => [draftRule(root, () => fieldsOf(root))],
};

/** The segments of `/image/<Bucket>/from/<url>[/host/<host>]` are URL-safe base64. */
function callNode(call: RegExpExecArray, notes: ImportNotes): VendorNode {
  const source = decoded(call[1] ?? '');
  if (source === undefined) throw notes.problem('', '`from` is not URL-safe base64 of an address');
  const entries = new Map([['source', [textNode(source)]]]);
  const host = call[2];
  // One of the vendor's programs sends the host as it is, another one encodes it.
  if (host !== undefined) entries.set('host', [textNode(encodedHost(host) ?? host)]);
  return { kind: 'map', entries };
}

function textNode(value: string): VendorNode {
  return { kind: 'scalar', value };
}

function encodedHost(segment: string): string | undefined {
  const host = decoded(segment);
  return host !== undefined && /^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?$/.test(host)
    ? host
    : undefined;
}

function decoded(segment: string): string | undefined {
  try {
    const bytes = atob(decodeURIComponent(segment).replaceAll('-', '+').replaceAll('_', '/'));
    const codes = Uint8Array.from(bytes, (char) => char.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(codes);
  } catch {
    return undefined;
  }
}

function fieldsOf(root: VendorSource): Fields {
  const source = root.needed('source');
  const urls = source
    .text()
    .split(/[;,]/)
    .map((url) => url.trim())
    .filter((url) => url !== '');
  if (urls.length === 0) throw source.problem('the bucket has no mirror source');
  const hostHeader = root.filled('host');
  const masters = urls.map((url): FieldValue => {
    const one = new VendorSource(textNode(url), source.path, source.notes);
    const address = httpAddress(one, { rule: RULE, schemeMayLack: true });
    return hostHeader === undefined ? address : { url: address, hostHeader };
  });
  for (const name of root.names().filter((field) => !['source', 'host'].includes(field))) {
    root.drop(name, 'a setting of the bucket that is no part of its mirror source');
  }
  return {
    id: RULE,
    match: { methods: new Noted(['GET'], 'Qiniu does not say that a HEAD triggers') },
    action: 'mirror',
    origins: {
      masters,
      maxAddresses: masters.length > USUAL_ADDRESSES ? masters.length : undefined,
    },
    response: { onError: new Noted(478, 'what Qiniu answers when the source fails') },
    store: {
      reject: {
        empty: new Noted(true, 'Qiniu refuses empty answers (zero content from source)'),
        htmlForMedia: new Noted(true, 'Qiniu does not store a page in place of an image or sound'),
      },
    },
  };
}

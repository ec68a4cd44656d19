import { z } from 'zod';

import type { OriginAddress, Secret } from '../../model/rule.ts';
import { isTransferHeader } from '../header-names.ts';
import { EVEN_IF_WRONG, fields } from './fields.ts';
import { s3Settings, s3Shape } from './s3.ts';
import { host, line } from './scalars.ts';
import { envReference, secretHeaders, secretUrl, urlText } from './secret.ts';

/** A weight is a share of the calls; more than this is no better told apart. */
const MAX_WEIGHT = 1000;

/** Fields of an S3 store that an HTTP address has no use for; `ca` serves both. */
const S3_ONLY = ['endpoint', 'region', 'pathStyle', 'credentials', 'requesterPays'] as const;

const headers = secretHeaders((name) => {
  if (name === 'host') return 'use `hostHeader` of the address for this';
  return isTransferHeader(name) ? 'bucketfill decides about this header itself' : undefined;
});

const addressFields = fields({
  url: secretUrl,
  weight: z.int().min(1).max(MAX_WEIGHT).prefault(1),
  hostHeader: host.optional(),
  serverName: host.optional(),
  connectTo: host.optional(),
  headers: headers.prefault({}),
  clientCert: line.optional(),
  clientKey: line.optional(),
  ...s3Shape,
});

type AddressFields = z.output<typeof addressFields>;

const addressMap = addressFields
  .superRefine((address, context) => {
    for (const [path, message] of addressProblems(address)) {
      context.addIssue({ code: 'custom', path: [path], message });
    }
  }, EVEN_IF_WRONG)
  .transform((address): OriginAddress => {
    const wantsS3 = isS3(address.url) || S3_ONLY.some((name) => address[name] !== undefined);
    return {
      ...plainAddress(address.url),
      weight: address.weight,
      hostHeader: address.hostHeader,
      serverName: address.serverName,
      connectTo: address.connectTo,
      headers: address.headers,
      ca: address.ca,
      clientCert: address.clientCert,
      clientKey: address.clientKey,
      s3: wantsS3 ? s3Settings(address) : undefined,
    };
  });

/** An origin's address: its URL as text, `{ env: NAME }`, or a map with `url` and more. */
export const addressSchema = z.union(
  [urlText.transform(plainAddress), envReference.transform(plainAddress), addressMap],
  { error: 'expected a URL, { env: NAME }, or a map with `url`' },
);

/** An address with nothing but its URL. */
export function plainAddress(url: Secret): OriginAddress {
  return {
    url,
    weight: 1,
    hostHeader: undefined,
    serverName: undefined,
    connectTo: undefined,
    headers: [],
    ca: undefined,
    clientCert: undefined,
    clientKey: undefined,
    s3: isS3(url) ? s3Settings({}) : undefined,
  };
}

function isS3(url: Secret): boolean {
  return 'text' in url && url.text.startsWith('s3://');
}

function addressProblems(address: AddressFields): [string, string][] {
  const problems: [string, string][] = [];
  if (address.clientCert !== undefined && address.clientKey === undefined) {
    problems.push(['clientCert', 'a client certificate needs its `clientKey`']);
  }
  if (address.clientKey !== undefined && address.clientCert === undefined) {
    problems.push(['clientKey', 'a client key needs its `clientCert`']);
  }
  const { url } = address;
  if (typeof url === 'object' && 'text' in url && !isS3(url)) {
    for (const name of S3_ONLY) {
      if (address[name] !== undefined) problems.push([name, 'is for s3:// addresses only']);
    }
  }
  return problems;
}

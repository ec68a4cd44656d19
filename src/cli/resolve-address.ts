import path from 'node:path';
import type { KeyRewrite, OriginAddress } from '../model/rule.ts';
import type { AddressIdentity } from '../origin/origin-access.ts';
import { originUrls } from '../rules/origin-url.ts';
import { resolveHeaders } from '../rules/request-headers.ts';
import { type Environment, resolveOriginUrl } from '../rules/resolve-secret.ts';
import { readPem } from './read-pem.ts';

/** An address with everything looked up that the rules file only points to. */
export interface ResolvedAddress extends AddressIdentity {
  readonly baseUrl: string;
  /** Where keys are found that are rewritten so. */
  readonly locator: (rewrite: KeyRewrite) => (originKey: string, query: string) => string;
}

/**
 * Looks up an address's secrets in the environment and its PEM files beside the rules file.
 * @param where the address's path, for messages
 * @throws FatalError `usage` naming the field.
 */
export async function resolveAddress(
  address: OriginAddress,
  where: string,
  folder: string,
  env: Environment,
): Promise<ResolvedAddress> {
  const baseUrl = resolveOriginUrl(address.url, env, where);
  const { hostHeader, serverName, connectTo, ca, clientCert, clientKey } = address;
  const pem = async (file: string | undefined, field: string): Promise<string | undefined> =>
    file === undefined ? undefined : readPem(path.resolve(folder, file), `${where}.${field}`);
  return {
    baseUrl,
    headers: resolveHeaders(address.headers, env, `${where}.headers`),
    hostHeader,
    serverName,
    connectTo,
    tls: {
      ca: await pem(ca, 'ca'),
      cert: await pem(clientCert, 'clientCert'),
      key: await pem(clientKey, 'clientKey'),
    },
    locator: (rewrite) => originUrls(baseUrl, rewrite),
  };
}

import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';

import { Failure } from '../model/failure.ts';
import { addressRefusal, refusalMessage } from './address-policy.ts';

/** Resolves a name to all of its addresses. */
export type Resolve = (
  hostname: string,
  done: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

/** Asks the system, as every other program on it does. */
export const systemResolve: Resolve = (hostname, done) => {
  systemLookup(hostname, { all: true, verbatim: true }, done);
};

/** Names that stand for the own machine, or a metadata service, without being looked up. */
const TELLING_NAMES: readonly (readonly [RegExp, string])[] = [
  [/(^|\.)localhost\.?$/, '127.0.0.1'],
  [/^metadata\.google\.internal\.?$/, '169.254.169.254'],
];

/**
 * Checks what can be known of `host` before it is looked up: literals and a few names. That is
 * all there is where a proxy does the looking up.
 * @throws Failure `ADDRESS_REFUSED`.
 */
export function refuseLiteral(host: string, allowPrivate: boolean): void {
  const telling = TELLING_NAMES.find(([pattern]) => pattern.test(host))?.[1];
  const address = isIP(host) === 0 ? telling : host;
  if (address === undefined) return;
  const refusal = addressRefusal(address, allowPrivate);
  if (refusal === undefined) return;
  throw new Failure('ADDRESS_REFUSED', refusalMessage(host, address, refusal));
}

/**
 * A lookup for sockets that hands out only addresses that may be dialled, so what was checked is
 * what gets dialled, however the name resolves the next time. Where some of a name's addresses are
 * refused the others are used; where all are, it ends with Failure `ADDRESS_REFUSED`.
 */
export function checkedLookup(resolve: Resolve, allowPrivate: boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, addresses) => {
      if (error !== null) {
        callback(error, '', 0);
        return;
      }
      const usable = addresses.filter(({ address }) => !addressRefusal(address, allowPrivate));
      const [first] = usable;
      if (first === undefined) callback(refusedName(hostname, addresses, allowPrivate), '', 0);
      else if (options.all === true) callback(null, usable);
      else callback(null, first.address, first.family);
    });
  };
}

function refusedName(
  hostname: string,
  addresses: readonly LookupAddress[],
  allowPrivate: boolean,
): Failure {
  const [first] = addresses;
  const refusal = first && addressRefusal(first.address, allowPrivate);
  return first === undefined || refusal === undefined
    ? new Failure('ORIGIN_UNREACHABLE', `${hostname} resolves to no address`)
    : new Failure('ADDRESS_REFUSED', refusalMessage(hostname, first.address, refusal));
}

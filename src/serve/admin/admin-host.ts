import { isIP } from 'node:net';

/** A name or address, or an IPv6 address in brackets, and maybe a port. */
const AUTHORITY = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::\d*)?$/;

/**
 * Whether a Host header names this port by an address, as localhost, or by the name that it listens
 * on. A page of another site that had its own name resolve to this address comes with that name.
 * @param listens as given by `--admin`
 */
export function isOwnHost(host: string | undefined, listens: string): boolean {
  const parts = AUTHORITY.exec(host ?? '');
  if (parts === null) return false;
  const [, bracketed, plain = ''] = parts;
  if (bracketed !== undefined) return isIP(bracketed) === 6;
  const name = plain.toLowerCase();
  return (
    isIP(name) === 4 || name === 'localhost' || (name !== '' && name === listens.toLowerCase())
  );
}

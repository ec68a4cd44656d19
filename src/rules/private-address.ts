/** What kind of address a host is by its text alone; names other than `localhost` are not looked up. */
export type HostKind = 'public' | 'private' | 'loopback' | 'link-local';

/** Judges a URL's or a `connectTo`'s host, with or without brackets and port. */
export function hostKind(host: string): HostKind {
  const name = canonicalHost(host);
  if (name === 'localhost' || name.endsWith('.localhost')) return 'loopback';
  if (name.startsWith('[')) return ipv6Kind(name.slice(1, -1));
  return /^\d+\.\d+\.\d+\.\d+$/.test(name) ? ipv4Kind(name) : 'public';
}

/** As a URL parser reads it: `127.1` and `0x7f000001` are 127.0.0.1 there. */
function canonicalHost(host: string): string {
  const isBareV6 = !host.startsWith('[') && host.split(':').length > 2;
  const url = `http://${isBareV6 ? `[${host}]` : host}/`;
  return URL.canParse(url) ? new URL(url).hostname : host;
}

function ipv4Kind(address: string): HostKind {
  const [a = 0, b = 0] = address.split('.').map(Number);
  if (a === 127 || a === 0) return 'loopback';
  if (a === 169 && b === 254) return 'link-local';
  return isPrivate(a, b) ? 'private' : 'public';
}

/** The ranges of RFC 1918, and 100.64.0.0/10, the carriers' own (RFC 6598). */
function isPrivate(a: number, b: number): boolean {
  if (a === 172) return b >= 16 && b <= 31;
  if (a === 100) return b >= 64 && b <= 127;
  return a === 10 || (a === 192 && b === 168);
}

function ipv6Kind(address: string): HostKind {
  if (address === '::1' || address === '::') return 'loopback';
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
  if (mapped !== null) {
    const high = Number.parseInt(mapped[1] ?? '0', 16);
    const low = Number.parseInt(mapped[2] ?? '0', 16);
    return ipv4Kind([high >> 8, high & 255, low >> 8, low & 255].join('.'));
  }
  if (/^fe[89ab]/.test(address)) return 'link-local';
  return /^f[cd]/.test(address) ? 'private' : 'public';
}

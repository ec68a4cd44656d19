import { isIP } from 'node:net';

/** What an IP address is, as far as dialling it is concerned. */
export type AddressKind =
  'public' | 'private' | 'loopback' | 'link-local' | 'metadata' | 'multicast' | 'reserved';

/** Why an address may not be dialled. */
export interface AddressRefusal {
  readonly kind: Exclude<AddressKind, 'public'>;
  /** Whether `allowPrivate` would let it pass. */
  readonly allowable: boolean;
}

interface Block {
  readonly bytes: readonly number[];
  readonly bits: number;
  readonly kind: AddressKind;
}

/**
 * Narrower blocks first: the first that holds an address names it. From the IANA special-purpose
 * registries (RFC 6890); the metadata services are those of AWS, GCP, Azure, Alibaba and Oracle.
 */
const IPV4_BLOCKS = blocks([
  ['169.254.0.0/16', 'link-local'],
  ['100.100.100.200/32', 'metadata'],
  ['192.0.0.192/32', 'metadata'],
  ['168.63.129.16/32', 'metadata'],
  ['0.0.0.0/8', 'loopback'], // a system dials itself for 0.0.0.0
  ['127.0.0.0/8', 'loopback'],
  ['10.0.0.0/8', 'private'],
  ['172.16.0.0/12', 'private'],
  ['192.168.0.0/16', 'private'],
  ['100.64.0.0/10', 'private'],
  ['192.0.0.0/24', 'private'],
  ['198.18.0.0/15', 'private'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'], // holds the broadcast address
]);

const IPV6_BLOCKS = blocks([
  ['fd00:ec2::254/128', 'metadata'],
  ['fd20:ce::254/128', 'metadata'],
  ['::/128', 'loopback'],
  ['::1/128', 'loopback'],
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'private'],
  ['fc00::/7', 'private'],
  ['64:ff9b:1::/48', 'private'],
  ['ff00::/8', 'multicast'],
]);

/** Blocks whose addresses carry an IPv4 address, and at which byte: that address decides. */
const EMBEDDED_IPV4 = [
  { ...block('::ffff:0:0/96', 'public'), at: 12 }, // IPv4-mapped
  { ...block('::ffff:0:0:0/96', 'public'), at: 12 }, // IPv4-translated
  { ...block('::/96', 'public'), at: 12 }, // IPv4-compatible
  { ...block('64:ff9b::/96', 'public'), at: 12 }, // NAT64
  { ...block('2002::/16', 'public'), at: 2 }, // 6to4
];

/** Teredo carries its client's IPv4 address with every bit turned. */
const TEREDO = block('2001::/32', 'public');

/** What `address`, an IPv4 or IPv6 literal without brackets, is; a zone is ignored. */
export function addressKind(address: string): AddressKind {
  const bytes = addressBytes(address);
  if (bytes === undefined) return 'reserved';
  if (bytes.length === 4) return kindIn(IPV4_BLOCKS, bytes) ?? 'public';
  const own = kindIn(IPV6_BLOCKS, bytes);
  if (own !== undefined) return own;
  const embedded = embeddedIpv4(bytes);
  return embedded === undefined ? 'public' : (kindIn(IPV4_BLOCKS, embedded) ?? 'public');
}

/**
 * Decides whether `address` may be dialled. Private and loopback addresses need `allowPrivate`;
 * link-local and metadata addresses, and those nobody can serve from, are refused always.
 */
export function addressRefusal(address: string, allowPrivate: boolean): AddressRefusal | undefined {
  const kind = addressKind(address);
  if (kind === 'public') return undefined;
  const allowable = kind === 'private' || kind === 'loopback';
  return allowable && allowPrivate ? undefined : { kind, allowable };
}

/**
 * The line for a refused address.
 * @param host what the rules or a redirect named; equal to `address` where that is a literal.
 */
export function refusalMessage(host: string, address: string, refusal: AddressRefusal): string {
  const what = `${host === address ? `${host} is` : `${host} resolves to ${address},`} a ${refusal.kind} address`;
  return refusal.allowable
    ? `${what}: set \`allowPrivate: true\` in the rules file (or --allow-private) if that is intended`
    : `${what}: such addresses are never asked, whatever the rules say`;
}

function kindIn(list: readonly Block[], bytes: readonly number[]): AddressKind | undefined {
  return list.find((candidate) => holds(candidate, bytes))?.kind;
}

function embeddedIpv4(bytes: readonly number[]): number[] | undefined {
  const carrier = EMBEDDED_IPV4.find((candidate) => holds(candidate, bytes));
  if (carrier !== undefined) return bytes.slice(carrier.at, carrier.at + 4);
  return holds(TEREDO, bytes) ? bytes.slice(12).map((byte) => byte ^ 0xff) : undefined;
}

function holds(candidate: Block, bytes: readonly number[]): boolean {
  for (let bit = 0; bit < candidate.bits; bit += 8) {
    const mask = bit + 8 <= candidate.bits ? 0xff : 0xff & (0xff << (bit + 8 - candidate.bits));
    const index = bit / 8;
    if (((bytes[index] ?? 0) & mask) !== ((candidate.bytes[index] ?? 0) & mask)) return false;
  }
  return true;
}

function blocks(list: readonly (readonly [string, AddressKind])[]): Block[] {
  return list.map(([cidr, kind]) => block(cidr, kind));
}

/** Nobody asks Node whether these are addresses: its pattern of IPv6 takes longest to get ready. */
function block(cidr: string, kind: AddressKind): Block {
  const [address = '', bits = ''] = cidr.split('/');
  const bytes = address.includes(':') ? ipv6Bytes(address) : ipv4Bytes(address);
  return { bytes, bits: Number(bits), kind };
}

/** 4 or 16 bytes; undefined where `address` is no IP literal. */
function addressBytes(address: string): number[] | undefined {
  const [bare = ''] = address.split('%');
  const family = isIP(bare);
  if (family === 4) return ipv4Bytes(bare);
  return family === 6 ? ipv6Bytes(bare) : undefined;
}

function ipv4Bytes(address: string): number[] {
  return address.split('.').map(Number);
}

function ipv6Bytes(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const front = hextets(head);
  if (tail === undefined) return front;
  const back = hextets(tail);
  return [...front, ...Array<number>(16 - front.length - back.length).fill(0), ...back];
}

function hextets(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (part.includes('.')) return ipv4Bytes(part);
    const value = parseInt(part, 16);
    return [value >> 8, value & 0xff];
  });
}

import { createHash, randomBytes } from 'node:crypto';

/** Who made a version: the site, or somebody who put it into the bucket. */
export type Maker = 'site' | 'somebody';

/** How the site gives an object: what marks its end, and what names its version. */
export interface Manner {
  readonly framing: 'length' | 'chunked' | 'close';
  readonly validator: 'strong' | 'weak' | 'none';
  readonly ranges: boolean;
}

/** One version of one object. */
export interface Version {
  readonly key: string;
  readonly maker: Maker;
  readonly bytes: Buffer;
  /** As its maker tells it; undefined for none. */
  readonly etag: string | undefined;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const LARGEST = 24 * MIB;
/** Longer than any object, so that none has the same bytes at two places. */
const NOISE_BYTES = 32 * MIB + 7;
/** What somebody puts is small. */
const FOREIGN_BYTES = 200 * KIB;

/** How many keys each way has; their names begin with it. */
const KEYS: Readonly<Record<string, number>> = { m: 1500, f: 200, r: 150, p: 50, none: 100 };
/** So many of the first have 24 MiB. */
const LARGE = 12;

/**
 * Objects in versions, of which every byte follows from key and version, so that any piece of an
 * answer can be held against all that it may be. Bodies are windows of one noise: they cost nothing.
 */
export class SoakObjects {
  readonly #noise: Buffer;
  readonly #versions = new Map<string, Version[]>();
  readonly #made = new Map<string, number>();
  readonly #keys: readonly string[];

  constructor() {
    const noise = randomBytes(NOISE_BYTES);
    this.#noise = Buffer.concat([noise, noise.subarray(0, LARGEST)]);
    this.#keys = Object.entries(KEYS).flatMap(([way, count]) =>
      Array.from({ length: count }, (_, index) => `${way}/o-${String(index).padStart(4, '0')}`),
    );
    for (const key of this.#keys) if (!key.startsWith('none/')) this.renew(key);
  }

  get keys(): readonly string[] {
    return this.#keys;
  }

  manner(key: string): Manner {
    const dice = hashOf(key).readUInt32BE(4);
    return {
      framing: dice % 10 < 3 ? 'chunked' : dice % 10 === 7 ? 'close' : 'length',
      validator: dice % 7 === 2 ? 'weak' : dice % 7 === 5 ? 'none' : 'strong',
      ranges: dice % 5 !== 4,
    };
  }

  /** What the site has now; undefined for what it never had. */
  current(key: string): Version | undefined {
    return this.#versions.get(key)?.findLast(({ maker }) => maker === 'site');
  }

  /** Every version that there ever was. */
  versions(key: string): readonly Version[] {
    return this.#versions.get(key) ?? [];
  }

  /** The site gets a new version; of half of the keys each has the same size. */
  renew(key: string): void {
    const number = this.#count(key);
    const name = hashOf(key).toString('hex', 0, 5);
    const { validator } = this.manner(key);
    const etag = `"${name}-${number}"`;
    const told = { strong: etag, weak: `W/${etag}`, none: undefined }[validator];
    this.#add(key, 'site', sizeOf(key, number), told, number);
  }

  /** Somebody makes a version of his own, whose ETag is its MD5. */
  foreign(key: string): Version {
    const number = this.#count(key);
    const size = hashOf(`${key}#${number}`).readUInt32BE(8) % FOREIGN_BYTES;
    return this.#add(key, 'somebody', size, undefined, number);
  }

  #count(key: string): number {
    const number = (this.#made.get(key) ?? 0) + 1;
    this.#made.set(key, number);
    return number;
  }

  #add(key: string, maker: Maker, size: number, told: string | undefined, number: number): Version {
    const start = hashOf(`${key}@${number}`).readUInt32BE(0) % NOISE_BYTES;
    const bytes = this.#noise.subarray(start, start + size);
    const etag = maker === 'site' ? told : `"${createHash('md5').update(bytes).digest('hex')}"`;
    const version = { key, maker, bytes, etag };
    const known = this.#versions.get(key);
    if (known === undefined) this.#versions.set(key, [version]);
    else known.push(version);
    return version;
  }
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Mostly small: seven of ten up to 64 KiB, one in twenty up to 8 MiB. */
function sizeOf(key: string, number: number): number {
  if (Number(key.slice(-4)) < LARGE && key.startsWith('m/')) return LARGEST;
  const ofKey = hashOf(key).readUInt32BE(12);
  const spread = ofKey % 2 === 0 ? ofKey : hashOf(`${key}#${number}`).readUInt32BE(12);
  const kind = ofKey % 20;
  if (ofKey % 40 === 11) return 0;
  if (kind < 14) return spread % (64 * KIB);
  return kind < 19 ? spread % MIB : spread % (8 * MIB);
}

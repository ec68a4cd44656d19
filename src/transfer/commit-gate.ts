import type { KeyEntry } from '../model/entry.ts';
import type { Failure } from '../model/failure.ts';
import type { OriginHead } from '../model/origin.ts';
import type { StoreSettings } from '../model/rule.ts';
import { refuseAnswer, refuseSize } from '../plan/admit-answer.ts';
import {
  type DeclaredDigest,
  declaredDigests,
  type DigestAlgorithm,
} from '../plan/declared-digests.ts';
import { refusal } from '../plan/refusal.ts';
import { refuseVersion } from './refuse-version.ts';
import { lastingDigest, nodeDigest, type RunningDigest } from './running-digest.ts';

/** What came through the gate whole. */
export interface Passed {
  readonly bytes: number;
  /** Base64; set where the body's end must be confirmed by a second read. */
  readonly sha256: string | undefined;
}

/** How far a body has come through the gate. */
export interface GateState {
  readonly bytes: number;
  /** Of each digest that runs, by its algorithm, base64. */
  readonly digests: Readonly<Record<string, string>>;
}

/**
 * The one place that every body passes before it may be committed: its length equals every length
 * that anyone declared, and its digests agree. The framing is the adapter's: a body whose framing
 * broke never gets as far as {@link CommitGate.pass}.
 */
export class CommitGate {
  readonly #entry: KeyEntry;
  readonly #head: OriginHead;
  readonly #store: StoreSettings;
  readonly #lengths: readonly DeclaredLength[];
  readonly #declared: readonly DeclaredDigest[];
  /** One for each algorithm that something was declared in, or that a confirmation needs. */
  #digests: ReadonlyMap<DigestAlgorithm, RunningDigest>;
  #received = 0;

  /**
   * @param saidBefore bytes that an earlier answer declared for the same version
   * @throws Failure where the answer's head alone forbids storing its body.
   */
  constructor(entry: KeyEntry, head: OriginHead, store: StoreSettings, saidBefore?: number) {
    const refused = refuseAnswer(entry, head, store) ?? refuseVersion(entry, head);
    if (refused !== undefined) throw refused;
    this.#lengths = lengths(entry, head, saidBefore);
    if (this.#lengths.length > 1) refuseTwoLengths(this.#lengths, entry, head);
    this.#entry = entry;
    this.#head = head;
    this.#store = store;
    this.#declared = declared(entry, head);
    const { mustConfirm } = this;
    const isDigested = mustConfirm || this.#declared.length > 0;
    this.#digests = isDigested ? nodeDigests(this.#declared, mustConfirm) : NO_DIGESTS;
  }

  /**
   * Makes the gate one whose state can be saved; before its first byte.
   * @param from the state that it goes on from
   * @returns false where that state lacks a digest that is needed
   */
  async outlive(from: GateState | undefined): Promise<boolean> {
    const names = [...this.#digests.keys()];
    if (from !== undefined && names.some((name) => from.digests[name] === undefined)) return false;
    this.#digests = new Map(
      await Promise.all(
        names.map(async (name) => [name, await lastingDigest(name, from?.digests[name])] as const),
      ),
    );
    this.#received = from?.bytes ?? 0;
    return true;
  }

  /** What {@link CommitGate.outlive} goes on from, of a gate that it made ready. */
  state(): GateState {
    const digests: Record<string, string> = {};
    for (const [name, digest] of this.#digests) digests[name] = digest.state() ?? '';
    return { bytes: this.#received, digests };
  }

  /** Only the closed connection marks the body's end, and the rule wants that confirmed. */
  get mustConfirm(): boolean {
    return (
      this.#head.framing === 'close' &&
      this.#head.length === undefined &&
      this.#entry.size === undefined &&
      this.#declared.length === 0 &&
      this.#store.unknownLength === 'confirm'
    );
  }

  /** Whether something besides the end of the connection vouches for the length. */
  get lengthVerified(): boolean {
    return !(
      this.#head.framing === 'close' &&
      this.#entry.size === undefined &&
      this.#declared.length === 0
    );
  }

  get receivedBytes(): number {
    return this.#received;
  }

  /** Takes the next bytes of the body, in order. @throws Failure when they are too many. */
  update(chunk: Uint8Array): void {
    this.#received += chunk.length;
    const [declared] = this.#lengths;
    if (declared !== undefined && this.#received > declared.bytes) {
      throw this.#wrongLength(declared);
    }
    if (this.#received > this.#store.reject.maxSizeBytes) {
      const refused = refuseSize(this.#received, this.#entry, this.#head, this.#store);
      if (refused !== undefined) throw refused;
    }
    if (this.#digests.size === 0) return;
    for (const digest of this.#digests.values()) digest.update(chunk);
  }

  /** The verdict once the framing ended. @throws Failure; then nothing may be committed. */
  pass(): Passed {
    for (const declared of this.#lengths) {
      if (declared.bytes !== this.#received) throw this.#wrongLength(declared);
    }
    const refused = refuseSize(this.#received, this.#entry, this.#head, this.#store);
    if (refused !== undefined) throw refused;
    // Most bodies are vouched for by their length alone.
    if (this.#digests.size === 0) return { bytes: this.#received, sha256: undefined };
    const digests = new Map(Array.from(this.#digests, ([name, digest]) => [name, digest.end()]));
    for (const { algorithm, value, by } of this.#declared) {
      const got = digests.get(algorithm) ?? '';
      if (got === value) continue;
      const why = `the body's ${algorithm} is ${got}, ${by} says ${value}`;
      throw refusal('DIGEST_MISMATCH', this.#entry.key, this.#head, why);
    }
    const sha256 = this.mustConfirm ? digests.get('sha256') : undefined;
    return { bytes: this.#received, sha256 };
  }

  #wrongLength({ bytes, by }: DeclaredLength): Failure {
    const got = this.#received > bytes ? `more than ${bytes}` : String(this.#received);
    const why = `got ${got} bytes, ${by} says ${bytes}`;
    return refusal('LENGTH_MISMATCH', this.#entry.key, this.#head, why);
  }
}

/** A length that somebody declared of the whole body. */
interface DeclaredLength {
  readonly bytes: number;
  /** For messages. */
  readonly by: string;
}

function lengths(
  entry: KeyEntry,
  head: OriginHead,
  saidBefore: number | undefined,
): readonly DeclaredLength[] {
  const said: DeclaredLength[] = [];
  if (head.length !== undefined) said.push({ bytes: head.length, by: 'Content-Length' });
  if (entry.size !== undefined) said.push({ bytes: entry.size, by: 'the list' });
  if (saidBefore !== undefined) {
    said.push({ bytes: saidBefore, by: 'an earlier answer for the same version' });
  }
  return said;
}

/** @throws Failure `LENGTH_MISMATCH` where what was declared is not one length. */
function refuseTwoLengths(
  [first, ...others]: readonly DeclaredLength[],
  entry: KeyEntry,
  head: OriginHead,
): void {
  const other = others.find(({ bytes }) => bytes !== first?.bytes);
  if (first === undefined || other === undefined) return;
  const why = `${first.by} says ${first.bytes} bytes, ${other.by} ${other.bytes}`;
  throw refusal('LENGTH_MISMATCH', entry.key, head, why);
}

const NO_DIGESTS: ReadonlyMap<DigestAlgorithm, RunningDigest> = new Map();

function nodeDigests(
  declared: readonly DeclaredDigest[],
  mustConfirm: boolean,
): ReadonlyMap<DigestAlgorithm, RunningDigest> {
  const algorithms = new Set(declared.map(({ algorithm }) => algorithm));
  if (mustConfirm) algorithms.add('sha256');
  return new Map(Array.from(algorithms, (name) => [name, nodeDigest(name)]));
}

const NOTHING: readonly DeclaredDigest[] = [];

/**
 * What the list, the store and the answer's headers declare of the body.
 * @throws Failure where one of them can't be read: such a body could not be checked.
 */
function declared(entry: KeyEntry, head: OriginHead): readonly DeclaredDigest[] {
  const inHeaders = declaredDigests(head.headers);
  if (entry.md5 === undefined && head.md5 === undefined && inHeaders.length === 0) return NOTHING;
  const found: DeclaredDigest[] = [];
  if (entry.md5 !== undefined) found.push({ algorithm: 'md5', value: entry.md5, by: 'the list' });
  if (head.md5 !== undefined) found.push({ algorithm: 'md5', value: head.md5, by: 'ETag' });
  for (const digest of inHeaders) {
    if ('text' in digest) {
      const why = `${digest.by} ${JSON.stringify(digest.text)} is no digest, so the body can't be checked`;
      throw refusal('DIGEST_MISMATCH', entry.key, head, why);
    }
    found.push(digest);
  }
  return found;
}

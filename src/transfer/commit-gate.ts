import { createHash, type Hash } from 'node:crypto';
import type { KeyEntry } from '../model/entry.ts';
import type { Failure } from '../model/failure.ts';
import type { OriginHead } from '../model/origin.ts';
import type { StoreSettings } from '../model/rule.ts';
import { refuseAnswer, refuseSize } from '../plan/admit-answer.ts';
import { refusal } from '../plan/refusal.ts';

/** What came through the gate whole. */
export interface Passed {
  readonly bytes: number;
  /** Lower-case hex; set where the body's end must be confirmed by a second read. */
  readonly sha256: string | undefined;
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
  readonly #md5: Hash | undefined;
  readonly #sha256: Hash | undefined;
  readonly #declaredMd5: readonly string[];
  #received = 0;

  /** @throws Failure where the answer's head alone forbids storing its body. */
  constructor(entry: KeyEntry, head: OriginHead, store: StoreSettings) {
    const refused = refuseAnswer(entry, head, store);
    if (refused !== undefined) throw refused;
    this.#entry = entry;
    this.#head = head;
    this.#store = store;
    this.#declaredMd5 = [entry.md5, head.md5, declaredMd5(entry, head)].filter(
      (md5) => md5 !== undefined,
    );
    this.#md5 = this.#declaredMd5.length > 0 ? createHash('md5') : undefined;
    this.#sha256 = this.mustConfirm ? createHash('sha256') : undefined;
  }

  /** Only the closed connection marks the body's end, and the rule wants that confirmed. */
  get mustConfirm(): boolean {
    return (
      this.#head.framing === 'close' &&
      this.#head.length === undefined &&
      this.#entry.size === undefined &&
      this.#declaredMd5.length === 0 &&
      this.#store.unknownLength === 'confirm'
    );
  }

  /** Whether something besides the end of the connection vouches for the length. */
  get lengthVerified(): boolean {
    return !(
      this.#head.framing === 'close' &&
      this.#entry.size === undefined &&
      this.#declaredMd5.length === 0
    );
  }

  /** Takes the next bytes of the body, in order. @throws Failure when they are too many. */
  update(chunk: Uint8Array): void {
    this.#received += chunk.length;
    const limit = this.#head.length ?? this.#entry.size;
    if (limit !== undefined && this.#received > limit) throw this.#wrongLength(limit);
    if (this.#received > this.#store.reject.maxSizeBytes) {
      const refused = refuseSize(this.#received, this.#entry, this.#head, this.#store);
      if (refused !== undefined) throw refused;
    }
    this.#md5?.update(chunk);
    this.#sha256?.update(chunk);
  }

  /** The verdict once the framing ended. @throws Failure; then nothing may be committed. */
  pass(): Passed {
    for (const declared of [this.#head.length, this.#entry.size]) {
      if (declared !== undefined && declared !== this.#received) throw this.#wrongLength(declared);
    }
    const refused = refuseSize(this.#received, this.#entry, this.#head, this.#store);
    if (refused !== undefined) throw refused;
    const md5 = this.#md5?.digest('base64');
    for (const declared of this.#declaredMd5) {
      if (md5 !== declared) {
        const why = `the body's MD5 is ${md5 ?? ''}, declared is ${declared}`;
        throw refusal('DIGEST_MISMATCH', this.#entry.key, this.#head, why);
      }
    }
    return { bytes: this.#received, sha256: this.#sha256?.digest('hex') };
  }

  #wrongLength(declared: number): Failure {
    const got = this.#received > declared ? `more than ${declared}` : String(this.#received);
    const why = `got ${got} bytes, ${declared} were declared`;
    return refusal('LENGTH_MISMATCH', this.#entry.key, this.#head, why);
  }
}

/** Content-MD5 as base64; origins that send it as hex exist. @throws Failure for anything else. */
function declaredMd5(entry: KeyEntry, head: OriginHead): string | undefined {
  const value = head.headers['content-md5']?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^[A-Za-z0-9+/]{22}==$/.test(value)) return value;
  if (/^[0-9a-f]{32}$/i.test(value)) return Buffer.from(value, 'hex').toString('base64');
  const why = `Content-MD5 ${JSON.stringify(value)} is no MD5, so the body can't be checked`;
  throw refusal('DIGEST_MISMATCH', entry.key, head, why);
}

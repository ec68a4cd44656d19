import { createHash } from 'node:crypto';
import type { KeyEntry } from '../model/entry.ts';
import type { OriginAnswer, OriginHead } from '../model/origin.ts';
import type { StoreSettings } from '../model/rule.ts';
import { refusal } from '../plan/refusal.ts';
import { CommitGate, type Passed } from './commit-gate.ts';

/**
 * A body whose end only a closed connection marks looks the same cut or whole. The same address is
 * read a second time, and the body committed only if both reads agree to the byte.
 * @throws Failure where they don't, so that the object is asked for again, or elsewhere.
 */
export async function confirmBody(
  entry: KeyEntry,
  store: StoreSettings,
  passed: Passed,
  head: OriginHead,
  again: OriginAnswer,
): Promise<void> {
  assertAlike(entry, head, passed, await digest(entry, store, again));
}

/** @throws Failure where two reads of one body differ. */
export function assertAlike(
  entry: KeyEntry,
  head: OriginHead,
  passed: Passed,
  second: Passed,
): void {
  if (second.bytes === passed.bytes && second.sha256 === passed.sha256) return;
  const why =
    `nothing declares the length, and two reads differ (${passed.bytes} and ${second.bytes} ` +
    'bytes): the body was cut, or the object changed meanwhile';
  const code = second.bytes === passed.bytes ? 'ORIGIN_CHANGED' : 'LENGTH_MISMATCH';
  throw refusal(code, entry.key, head, why);
}

/** Length and SHA-256 of a body that is not stored. */
async function digest(
  entry: KeyEntry,
  store: StoreSettings,
  answer: OriginAnswer,
): Promise<Passed> {
  const gate = new CommitGate(entry, answer.head, store);
  const sha256 = createHash('sha256');
  await answer.pipeTo((chunk) => {
    gate.update(chunk);
    sha256.update(chunk);
  });
  const { bytes } = gate.pass();
  return { bytes, sha256: sha256.digest('base64') };
}

import type { ReservedMemory } from '../model/body-memory.ts';
import { lendBody } from '../model/lend-body.ts';
import type { OriginAnswer } from '../model/origin.ts';
import { pieceSizeBytes } from '../model/piece-size.ts';
import { storedMetadata } from '../plan/stored-metadata.ts';
import type { CommitGate } from './commit-gate.ts';
import { writeOptions } from './stage-object.ts';
import type { Transfer } from './transfer.ts';
import { outcomeOf } from './transfer-outcome.ts';
import { mustRecheck, type Tries } from './tries.ts';
import { type Taken, Unsettled } from './unsettled.ts';

/** Bodies up to this many bytes, of declared length, are taken and stored as one buffer. */
export const ONE_BUFFER_BYTES = 1024 * 1024;

/** So few come in a read or two, and are stored from the memory that they were read into. */
const AS_READ_BYTES = 32 * 1024;

/**
 * Takes a body of declared length as one buffer, passes it through the gate and stores it. A body of
 * several reads is gathered in a piece of memory that others had before and others will have: new
 * memory for each would be the larger part of all garbage.
 */
export async function storeWhole(
  transfer: Transfer,
  answer: OriginAnswer,
  gate: CommitGate,
  tries: Tries,
  signal: AbortSignal,
): Promise<Taken> {
  const { entry, bucket, store, tap, memory } = transfer;
  const { head } = answer;
  const { length = ONE_BUFFER_BYTES } = head;
  const metadata = storedMetadata(entry.key, head, store);
  // Who taps a body keeps its bytes.
  const isGathered = length > AS_READ_BYTES && tap === undefined;
  const size = isGathered ? pieceSizeBytes(length, memory.limitBytes) : length;
  const reserving = memory.reserve(size, signal);
  const reserved = reserving instanceof Promise ? await reserving : reserving;
  let isUnsettled = false;
  try {
    const bytes = isGathered
      ? await gather(answer, gate, reserved)
      : await passed(answer.bytes(ONE_BUFFER_BYTES), gate);
    const { bytes: received } = gate.pass();
    if (tap !== undefined) {
      await tap.write(bytes);
      tap.passed();
    }
    const put = async () => {
      const options = writeOptions(transfer, bytes.length);
      const result = await bucket.putBytes(entry.key, bytes, metadata, options, signal);
      // What was refused may still be on its way.
      if (result.outcome === 'stored') reserved.recycle();
      return outcomeOf(result, received, head, gate.lengthVerified, tries.heads);
    };
    isUnsettled = mustRecheck(transfer, head, tries);
    if (!isUnsettled) return await put();
    return new Unsettled(head, put, () => {
      reserved.release();
    });
  } finally {
    if (!isUnsettled) reserved.release();
  }
}

async function passed(taking: Promise<Uint8Array>, gate: CommitGate): Promise<Uint8Array> {
  const bytes = await taking;
  gate.update(bytes);
  return bytes;
}

async function gather(
  answer: OriginAnswer,
  gate: CommitGate,
  reserved: ReservedMemory,
): Promise<Uint8Array> {
  let at = 0;
  await lendBody(answer, (chunk) => {
    // It refuses what is more than was declared, for which there is no room.
    gate.update(chunk);
    reserved.piece('shared', chunk).set(chunk, at);
    at += chunk.length;
  });
  return reserved.piece('shared').subarray(0, at);
}

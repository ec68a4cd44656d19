import type { UploadMark, WriteOptions } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import type { OriginHead } from '../model/origin.ts';
import type { StoreSettings } from '../model/rule.ts';
import { lastingHead } from '../plan/lasting-head.ts';
import { readOn } from '../plan/read-on.ts';
import { storedMetadata } from '../plan/stored-metadata.ts';
import { CommitGate } from './commit-gate.ts';
import { MarkKeeper } from './mark-keeper.ts';
import type { SealedUpload } from './sealed-upload.ts';
import { type Beginning, StagedObject } from './staged-object.ts';
import type { Transfer } from './transfer.ts';
import { OrphanTrace } from './upload-trace.ts';

/** How a transfer's object is written. */
export function writeOptions(
  { ifAbsent, store }: Transfer,
  length: number | undefined,
): WriteOptions {
  const { storageClass, multipart } = store;
  return { ifAbsent, length, storageClass, tags: tagsOf(store), multipart };
}

const NO_TAGS: Readonly<Record<string, string>> = {};

function tagsOf({ tags }: StoreSettings): Readonly<Record<string, string>> {
  if (tags.length === 0) return NO_TAGS;
  return Object.fromEntries(tags.map(({ name, value }) => [name, value]));
}

/** Opens an upload for the body of an answer, which has passed nothing yet. Throws as the bucket. */
export async function stageObject(
  transfer: Transfer,
  head: OriginHead,
  gate: CommitGate,
  signal: AbortSignal,
): Promise<StagedObject> {
  if (!mayOutlive(transfer, head)) {
    const { uploads, entry } = transfer;
    const trace = uploads && new OrphanTrace(uploads, entry.key);
    return open(transfer, { head, gate, trace, tap: transfer.tap }, undefined, signal);
  }
  await gate.outlive(undefined);
  const marks = marksOf(transfer, head, gate);
  return open(transfer, { head, gate, trace: marks, tap: undefined }, undefined, signal);
}

/** A large object of a version that a later run could tell from any other. */
function mayOutlive({ uploads, store, tap }: Transfer, head: OriginHead): boolean {
  if (uploads === undefined || tap !== undefined || head.length === undefined) return false;
  return head.length > store.multipart.thresholdBytes && readOn(head, 1) !== undefined;
}

function marksOf(
  { uploads, entry, store }: Transfer,
  head: OriginHead,
  gate: CommitGate,
): MarkKeeper | undefined {
  return uploads && new MarkKeeper(uploads, entry.key, lastingHead(head, store), gate);
}

/** Whatever is written down of an upload. */
type Trace = MarkKeeper | OrphanTrace | undefined;

async function open(
  transfer: Transfer,
  beginning: Beginning & { readonly trace: Trace },
  resume: UploadMark | undefined,
  signal: AbortSignal,
): Promise<StagedObject> {
  const { entry, bucket, store } = transfer;
  const { head, trace } = beginning;
  const metadata = storedMetadata(entry.key, head, store);
  const written =
    trace instanceof MarkKeeper
      ? { lasting: { resume, onMark: trace.onMark } }
      : { onBegun: trace?.onBegun };
  const options = { ...writeOptions(transfer, head.length), ...written };
  const upload = await bucket.openUpload(entry.key, metadata, options, signal);
  return new StagedObject(beginning, upload);
}

/** Nobody goes on with what an earlier run or try left of the object. Throws as the bucket. */
export async function abandonObject(
  { entry, uploads, bucket }: Transfer,
  signal: AbortSignal,
): Promise<void> {
  const upload = uploads?.find(entry.key);
  if (upload === undefined) return;
  try {
    await bucket.abandonUpload(entry.key, upload.mark.token, signal);
  } catch (error) {
    // Rubbish that the bucket won't let go of is no reason not to copy the object.
    if (!(error instanceof Failure) || error.code !== 'BUCKET_REFUSED') throw error;
    await uploads?.setAside(entry.key);
    return;
  }
  await uploads?.drop(entry.key);
}

/**
 * What an earlier run, or try, staged of the object, as far as the bucket still holds it; undefined where
 * there is nothing to go on with, and then nothing of it stays. Throws as the bucket.
 * @param sealed what is written down of it
 */
export async function takeUpObject(
  transfer: Transfer,
  sealed: SealedUpload,
  signal: AbortSignal,
): Promise<StagedObject | undefined> {
  const staged = await takeUp(transfer, sealed, signal);
  if (staged === undefined) await abandonObject(transfer, signal);
  return staged;
}

async function takeUp(
  transfer: Transfer,
  { head, gate: state, mark }: SealedUpload,
  signal: AbortSignal,
): Promise<StagedObject | undefined> {
  if (mark.bytes === 0 || transfer.tap !== undefined) return undefined;
  const gate = gateOf(transfer, head);
  if (gate === undefined || !(await gate.outlive(state))) return undefined;
  const marks = marksOf(transfer, head, gate);
  const staged = await open(transfer, { head, gate, trace: marks, tap: undefined }, mark, signal);
  if (staged.startsAt === mark.bytes) return staged;
  // Not `abort`: what is written down is needed to find the old upload.
  await staged.suspend();
  return undefined;
}

/** The rule or the list may forbid by now what they allowed then. */
function gateOf({ entry, store }: Transfer, head: OriginHead): CommitGate | undefined {
  try {
    return new CommitGate(entry, head, store);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

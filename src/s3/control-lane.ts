import type * as Sdk from '@aws-sdk/client-s3';

import { Failure, FatalError } from '../model/failure.ts';
import type { Clock } from '../model/ports.ts';
import { brokenAnswer } from './broken-answer.ts';
import { multipartCalls } from './multipart-calls.ts';
import { S3Error } from './s3-error.ts';
import type { S3Lane } from './s3-lane.ts';
import type { S3Control, UploadedPart } from './s3-store.ts';
import { sdkRequestHandler } from './sdk-request-handler.ts';

/** The calls, and what they leave open. */
export interface ControlLane {
  readonly calls: S3Control;
  close(): Promise<void>;
}

interface OpenSdk {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.S3Client;
}

/**
 * Host and region that the SDK is given: it writes and reads messages here, and who is asked, and
 * for which region a request is signed, is the lane's business.
 */
const NOBODY = 'http://s3.invalid';
const ANY_REGION = 'us-east-1';

/** Makes the seldom calls of one bucket; the SDK is loaded at the first of those that are its own. */
export function controlLane(
  lane: Pick<S3Lane, 'sendWhole' | 'mask'>,
  bucket: string,
  clock: Pick<Clock, 'now'>,
): ControlLane {
  let opened: Promise<OpenSdk> | undefined;
  const use = async <T>(signal: AbortSignal, call: (open: OpenSdk) => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    opened ??= openSdk(lane, clock);
    const open = await opened;
    try {
      return await call(open);
    } catch (error) {
      // The SDK wraps what is no Error; a signal's reason may be anything.
      signal.throwIfAborted();
      throw isOwn(error) ? error : brokenAnswer(lane.mask(asText(error)));
    }
  };
  const of = (key: string): { Bucket: string; Key: string } => ({ Bucket: bucket, Key: key });

  return {
    calls: {
      ...multipartCalls(lane, clock),
      listParts: (key, uploadId, signal) =>
        use(signal, (open) => allParts(open, { ...of(key), UploadId: uploadId }, signal)),
      headBucket: (signal) =>
        use(signal, async ({ sdk, client }) => {
          await client.send(new sdk.HeadBucketCommand({ Bucket: bucket }), {
            abortSignal: signal,
          });
        }),
    },
    close: async () => {
      const open = await opened;
      open?.client.destroy();
    },
  };
}

async function openSdk(
  lane: Pick<S3Lane, 'sendWhole' | 'mask'>,
  clock: Pick<Clock, 'now'>,
): Promise<OpenSdk> {
  const sdk = await import('@aws-sdk/client-s3');
  // Whatever is left out here the SDK looks for in the environment and in ~/.aws.
  const client = new sdk.S3Client({
    endpoint: NOBODY,
    region: ANY_REGION,
    forcePathStyle: true,
    credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' },
    signer: { sign: (request) => Promise.resolve(request) },
    requestHandler: sdkRequestHandler(lane, clock),
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'legacy',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    authSchemePreference: ['aws.auth#sigv4'],
    sigv4aSigningRegionSet: [ANY_REGION],
    useArnRegion: false,
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    disableS3ExpressSessionAuth: true,
    userAgentAppId: '',
  });
  return { sdk, client };
}

/** Errors of the lane; all others are about an answer that the SDK could not read. */
function isOwn(error: unknown): boolean {
  return error instanceof S3Error || error instanceof Failure || error instanceof FatalError;
}

function asText(error: unknown): string {
  return error instanceof Error ? error.message.replace(/\s+/g, ' ') : String(error);
}

async function allParts(
  { sdk, client }: OpenSdk,
  upload: { Bucket: string; Key: string; UploadId: string },
  signal: AbortSignal,
): Promise<readonly UploadedPart[]> {
  const parts: UploadedPart[] = [];
  let after = 0;
  for (;;) {
    const input = { ...upload, ...(after === 0 ? {} : { PartNumberMarker: String(after) }) };
    const page = await client.send(new sdk.ListPartsCommand(input), { abortSignal: signal });
    parts.push(...(page.Parts ?? []).map(uploadedPart));
    if (page.IsTruncated !== true) return parts;
    const next = Number(page.NextPartNumberMarker ?? parts.at(-1)?.number);
    if (!(next > after)) throw brokenAnswer('the list of parts goes on but names no later part');
    after = next;
  }
}

function uploadedPart({ PartNumber, ETag }: Sdk.Part): UploadedPart {
  if (PartNumber !== undefined && ETag !== undefined) return { number: PartNumber, etag: ETag };
  throw brokenAnswer('the list of parts lacks a number or an ETag');
}

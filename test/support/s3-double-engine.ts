import type { Call, DoubleAnswer } from './s3-double-answer.ts';
import { emptyAnswer, xmlAnswer } from './s3-double-answer.ts';
import { checkBody, checkFraming } from './s3-double-body.ts';
import { S3Refusal, accessDenied, notImplemented } from './s3-double-error.ts';
import type { ListingFault } from './s3-double-listing.ts';
import { OPERATIONS, checkGranted } from './s3-double-operations.ts';
import { operationOf, parseAddress, type DoubleRequest } from './s3-double-request.ts';
import { verifySignature } from './s3-double-signature.ts';
import {
  DoubleBucket,
  type DoubleBucketSettings,
  type DoubleKeys,
  type S3DoubleSwitches,
} from './s3-double-state.ts';

/** S3 accepts keys of at most 1,024 bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;

export interface EngineSettings {
  readonly region: string;
  readonly keys: readonly DoubleKeys[];
  readonly switches: S3DoubleSwitches;
  readonly domain: string;
  readonly secure: boolean;
  readonly nowMs: () => number;
}

/** The double without its wire: buckets, and what is done to them. */
export class DoubleEngine {
  readonly buckets = new Map<string, DoubleBucket>();
  readonly #settings: EngineSettings;
  #lastUnique = 0;

  constructor(settings: EngineSettings) {
    this.#settings = settings;
  }

  nowMs(): number {
    return this.#settings.nowMs();
  }

  makeBucket(settings: DoubleBucketSettings): DoubleBucket {
    const bucket = new DoubleBucket({ region: this.#settings.region, ...settings });
    this.buckets.set(settings.name, bucket);
    return bucket;
  }

  /** @throws S3Refusal for what is no operation */
  address(method: string, url: string, headers: Readonly<Record<string, string>>): DoubleRequest {
    const address = parseAddress(url, headers['host'] ?? '', this.#settings.domain);
    const operation = operationOf(method, address);
    return { ...address, operation, method, headers, secure: this.#settings.secure };
  }

  /** Does what was asked, all or nothing. @throws S3Refusal */
  async perform(request: DoubleRequest, body: Buffer, fault?: ListingFault): Promise<DoubleAnswer> {
    const { keys, region, switches } = this.#settings;
    checkFraming(request, switches.maxPutBytes);
    const bucket = request.bucket === undefined ? undefined : this.buckets.get(request.bucket);
    const signer = await verifySignature(request, bucket, { keys, region, nowMs: this.nowMs() });
    checkBody(request, body, switches.unsignedPayloadOverHttp);
    if (request.operation === 'ListBuckets' || request.operation === 'CreateBucket') {
      checkGranted(request.operation, signer, bucket);
      return this.#performOnServer(request, bucket);
    }
    if (bucket === undefined) throw noSuchBucket(request.bucket);
    checkGranted(request.operation, signer, bucket);
    checkPayer(request, bucket);
    checkKey(request.key);
    if (request.operation === 'DeleteBucket') return this.#deleteBucket(bucket);
    const handler = OPERATIONS[request.operation];
    if (handler === undefined || request.headers['x-amz-copy-source'] !== undefined) {
      throw notImplemented(request.operation);
    }
    const call: Call = {
      request,
      bucket,
      key: request.key ?? '',
      body,
      switches,
      nowMs: this.nowMs(),
      mayList: signer === undefined ? true : signer.mayList !== false,
      unique: () => `unique-${String((this.#lastUnique += 1))}`,
    };
    return handler(call, fault);
  }

  #performOnServer(request: DoubleRequest, bucket: DoubleBucket | undefined): DoubleAnswer {
    if (request.operation === 'ListBuckets') {
      const names = [...this.buckets.keys()].map((name) => ['Bucket', [['Name', name]]] as const);
      return xmlAnswer('ListAllMyBucketsResult', [['Buckets', names]]);
    }
    if (bucket !== undefined) {
      const message =
        'Your previous request to create the named bucket succeeded and you already own it.';
      throw new S3Refusal(409, 'BucketAlreadyOwnedByYou', message);
    }
    this.makeBucket({ name: request.bucket ?? '' });
    return emptyAnswer(200, { location: `/${request.bucket ?? ''}` });
  }

  #deleteBucket(bucket: DoubleBucket): DoubleAnswer {
    if (bucket.objects.size > 0) {
      throw new S3Refusal(409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty');
    }
    this.buckets.delete(bucket.settings.name);
    return emptyAnswer(204);
  }
}

function noSuchBucket(name: string | undefined): S3Refusal {
  const message = 'The specified bucket does not exist';
  return new S3Refusal(404, 'NoSuchBucket', message, { BucketName: name ?? '' });
}

function checkPayer(request: DoubleRequest, bucket: DoubleBucket): void {
  if (bucket.settings.requesterPays !== true) return;
  if (request.headers['x-amz-request-payer'] !== 'requester') throw accessDenied();
}

function checkKey(key: string | undefined): void {
  const bytes = Buffer.byteLength(key ?? '');
  if (bytes <= MAX_KEY_BYTES) return;
  throw new S3Refusal(400, 'KeyTooLongError', 'Your key is too long', {
    Size: String(bytes),
    MaxSizeAllowed: String(MAX_KEY_BYTES),
  });
}

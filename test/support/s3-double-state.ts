/** What an object has beside its bytes, and what CreateMultipartUpload already fixes. */
export interface DoubleDescription {
  /** content-type, cache-control, …: lower-case names, as they were sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names without `x-amz-meta-`; the bytes of the values, one character a byte. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly storageClass: string;
  readonly acl: string;
  /** `AES256`, `aws:kms`, …; with its key's id. */
  readonly sse: { readonly type: string; readonly keyId: string | undefined } | undefined;
}

export interface DoubleObject extends DoubleDescription {
  readonly bytes: Buffer;
  /** With its quotes. */
  readonly etag: string;
  readonly lastModifiedMs: number;
  /** `crc32c` and so on to the base64 value. */
  readonly checksums: Readonly<Record<string, string>>;
}

export interface DoublePart {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly lastModifiedMs: number;
  readonly checksums: Readonly<Record<string, string>>;
}

/** A multipart upload that was neither completed nor aborted. */
export interface DoubleUpload {
  readonly id: string;
  readonly key: string;
  readonly startedMs: number;
  readonly description: DoubleDescription;
  /** `crc32c` and so on, where the upload was created with one. */
  readonly checksumAlgorithm: string | undefined;
  readonly parts: Map<number, DoublePart>;
}

/** How one bucket of the double behaves; everything but its name has a default. */
export interface DoubleBucketSettings {
  readonly name: string;
  /** Default: the server's. */
  readonly region?: string;
  /** Anybody may read objects and list: default false. */
  readonly publicRead?: boolean;
  /** Refuses requests without x-amz-request-payer: default false. */
  readonly requesterPays?: boolean;
  /** What a signature for another region gets: default the 400. */
  readonly wrongRegion?: 'AuthorizationHeaderMalformed' | 'PermanentRedirect';
}

/** One bucket and what is in it. */
export class DoubleBucket {
  readonly settings: DoubleBucketSettings;
  readonly objects = new Map<string, DoubleObject>();
  /** Uploads left over, by id. */
  readonly uploads = new Map<string, DoubleUpload>();
  /** ETags of uploads that were finished, by id. */
  readonly finished = new Map<string, string>();

  constructor(settings: DoubleBucketSettings) {
    this.settings = settings;
  }

  /** Keys by their UTF-8 bytes. */
  keys(): readonly string[] {
    return [...this.objects.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }
}

/** Keys that may sign; what they may do defaults to everything. */
export interface DoubleKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Set for temporary keys: requests must bear it. */
  readonly sessionToken?: string;
  /** Answers ExpiredToken. */
  readonly expired?: boolean;
  /** ListBucket; without it an absent object is a 403. */
  readonly mayList?: boolean;
  readonly mayRead?: boolean;
  readonly mayWrite?: boolean;
}

/** What differs between stores; tests change it while the double runs. */
export interface S3DoubleSwitches {
  /** Smallest part but the last, bytes: S3's is 5 MiB. */
  minPartBytes: number;
  /** Largest PUT or part, bytes: S3's is 5 GiB. */
  maxPutBytes: number;
  /** If-None-Match: * on PutObject and CompleteMultipartUpload. */
  conditionalWrites: 'supported' | 'ignored' | 'notImplemented';
  /** UNSIGNED-PAYLOAD without TLS. */
  unsignedPayloadOverHttp: boolean;
  /** Range of GetObject; false answers with the whole object. */
  ranges: boolean;
  /** ListObjectsV2; false answers 501 as stores do that have version 1 only. */
  listV2: boolean;
  /** Most keys a page, whatever max-keys says: S3's is 1000. */
  maxPageKeys: number;
  /** What CompleteMultipartUpload gives as ETag. */
  completeEtag: 'given' | 'empty' | 'absent';
  /** A multipart object's ETag: S3's MD5 of MD5s, or a random one. */
  multipartEtag: 'md5OfMd5s' | 'random';
  /** A finish that is repeated: NoSuchUpload, or once more the answer of the first. */
  finishedUploads: 'forgotten' | 'remembered';
  /** The server's clock minus the true one, milliseconds. */
  clockOffsetMs: number;
}

/** As S3 is. */
export const S3_SWITCHES: Readonly<S3DoubleSwitches> = {
  minPartBytes: 5 * 2 ** 20,
  maxPutBytes: 5 * 2 ** 30,
  conditionalWrites: 'supported',
  unsignedPayloadOverHttp: false,
  ranges: true,
  listV2: true,
  maxPageKeys: 1000,
  completeEtag: 'given',
  multipartEtag: 'md5OfMd5s',
  finishedUploads: 'forgotten',
  clockOffsetMs: 0,
};

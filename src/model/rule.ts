/**
 * The rules file, parsed and typed: durations in milliseconds, sizes in bytes, defaults filled in.
 * YAML names appear only in `rules/schema.ts`.
 */

import type { MultipartSettings } from './bucket.ts';

/** A value that may be a secret: given as text, or by the name of an environment variable. */
export type Secret = { readonly text: string } | { readonly env: string };

export interface NamedValue<V> {
  /** Lower-case. */
  readonly name: string;
  readonly value: V;
}

/** Where access keys come from; `anonymous` signs nothing. Absent: AWS's default chain. */
export type Credentials = { readonly env: string } | { readonly profile: string } | 'anonymous';

/** How an S3 store is spoken to, as a bucket or as an origin. */
export interface S3Settings {
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly pathStyle: boolean;
  readonly ca: string | undefined;
  readonly credentials: Credentials | undefined;
  readonly requesterPays: boolean;
}

export type BucketLocation =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string };

export type ChecksumAlgorithm = 'auto' | 'none' | 'md5' | 'crc32' | 'crc32c' | 'sha256';

export interface BucketSettings extends S3Settings {
  /** As written in the rules file. */
  readonly url: string;
  readonly location: BucketLocation;
  readonly storageClass: string | undefined;
  readonly acl: string | undefined;
  readonly sse: { readonly type: string; readonly keyId: string | undefined } | undefined;
  readonly checksum: ChecksumAlgorithm;
  readonly conditionalWrites: 'auto' | 'always' | 'never';
}

export interface HeaderCondition {
  readonly name: string;
  readonly test: 'equals' | 'startsWith' | 'endsWith';
  readonly value: string;
}

export interface Match {
  readonly keyPrefix: string | undefined;
  readonly keySuffix: string | undefined;
  readonly methods: readonly string[];
  readonly statuses: readonly number[] | 'any';
  readonly headers: readonly HeaderCondition[];
  readonly hosts: { readonly allow: readonly string[]; readonly deny: readonly string[] };
}

export type Action = 'mirror' | 'redirectAndFetch' | 'redirect' | 'proxy' | 'rewrite' | 'off';

/** What the request key becomes at the origin. At most one of the first three is set. */
export interface KeyRewrite {
  readonly replacePrefix: string | undefined;
  readonly template: { readonly before: string; readonly after: string } | undefined;
  readonly fixed: string | undefined;
  readonly replaceSuffix: { readonly from: string | undefined; readonly to: string } | undefined;
  readonly addPrefix: string;
  readonly addSuffix: string;
  readonly slashes: 'join' | 'raw' | 'keepLeading';
  readonly dotSegments: 'refuse' | 'send';
}

/** One address that objects come from. */
export interface OriginAddress {
  readonly url: Secret;
  readonly weight: number;
  readonly hostHeader: string | undefined;
  readonly serverName: string | undefined;
  readonly connectTo: string | undefined;
  readonly headers: readonly NamedValue<Secret>[];
  /** PEM files; relative paths resolve from the rules file. */
  readonly ca: string | undefined;
  readonly clientCert: string | undefined;
  readonly clientKey: string | undefined;
  /** Set where the URL is `s3://…`. */
  readonly s3: S3Settings | undefined;
}

/** A status class or one status that asks another address. */
export type StatusPattern = '4XX' | '5XX' | number;

export interface HealthCheck {
  readonly url: string;
  readonly everyMs: number;
  readonly fall: number;
  readonly rise: number;
}

export type Selection = 'ordered' | 'roundRobin' | 'weighted' | 'random';

export interface Origins {
  readonly select: Selection;
  readonly masters: readonly OriginAddress[];
  readonly slaves: readonly OriginAddress[];
  readonly retryOn: readonly StatusPattern[];
  readonly neverRetryOn: readonly StatusPattern[];
  readonly maxAddresses: number;
  readonly retries: {
    /** Requests to one address for one object, the first included. */
    readonly perAddress: number;
    readonly baseMs: number;
    readonly maxMs: number;
  };
  readonly giveUpAfterMs: number;
  readonly healthCheck: HealthCheck | undefined;
}

export interface Timeouts {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
}

export interface OriginRequestSettings {
  readonly passQuery: boolean;
  readonly followRedirects: boolean;
  readonly maxRedirects: number;
  readonly refererOnRedirect: boolean;
  readonly headers: {
    readonly passAll: boolean;
    readonly pass: readonly string[];
    readonly remove: readonly string[];
    readonly set: readonly NamedValue<Secret>[];
  };
  readonly timeouts: Timeouts;
}

export interface ResponseSettings {
  readonly onError: number;
  readonly passStatuses: readonly number[];
  readonly passHeaders: readonly string[];
  readonly setHeaders: readonly NamedValue<string>[];
  readonly validators: 'origin' | 'bucket';
  readonly mark: string | false;
  readonly ossTag: boolean;
}

export interface StoreSettings {
  readonly requireLength: boolean;
  readonly unknownLength: 'confirm' | 'accept' | 'refuse';
  /** Lower-case names of origin headers that are stored. */
  readonly headers: readonly string[];
  readonly userMetadata: boolean;
  readonly metadataFrom: readonly { readonly header: string; readonly name: string }[];
  readonly originValidators: boolean;
  readonly storageClass: string | undefined;
  readonly tags: readonly NamedValue<string>[];
  readonly contentType: {
    readonly guess: 'missing' | 'never' | 'always';
    readonly override: readonly { readonly suffix: string; readonly type: string }[];
  };
  readonly private: 'auto' | 'refuse' | 'store';
  readonly variants: 'plain' | 'any';
  readonly reject: {
    readonly empty: boolean;
    readonly htmlForMedia: boolean;
    readonly maxSizeBytes: number;
  };
  readonly rangeMiss: 'serveAndFetch' | 'serveOnly' | 'waitFull';
  readonly multipart: MultipartSettings;
}

export interface BreakerSettings {
  readonly ratio: number;
  readonly minimumCalls: number;
  readonly windowMs: number;
  readonly openMs: number;
}

export interface ProtectSettings {
  /** Requests under way at once, an origin address. */
  readonly concurrency: number;
  readonly bytesPerSecond: number | undefined;
  readonly requestsPerSecond: number | undefined;
  readonly breaker: BreakerSettings;
  readonly negativeTtlMs: number;
}

export interface Rule {
  readonly id: string;
  readonly match: Match;
  readonly action: Action;
  readonly redirect: { readonly status: number; readonly passQuery: boolean };
  readonly key: KeyRewrite;
  /** Absent only for `rewrite` and `off`, which ask no origin. */
  readonly origins: Origins | undefined;
  readonly request: OriginRequestSettings;
  readonly response: ResponseSettings;
  readonly store: StoreSettings;
  readonly protect: ProtectSettings;
  readonly afterMiss: 'none' | 'redirect' | 'nextRule';
}

export type ScanKind = 'httpIndex' | 'sitemap' | 's3' | 's3Inventory' | 'directory' | 'keys';

export interface ScanSource {
  readonly rule: string;
  readonly from: ScanKind;
  readonly url: Secret | undefined;
}

export interface Rules {
  readonly allowPrivate: boolean;
  readonly bucket: BucketSettings;
  readonly rules: readonly Rule[];
  readonly scan: readonly ScanSource[];
}

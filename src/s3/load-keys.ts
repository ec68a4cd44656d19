import type { AccessKeys } from './s3-store.ts';

/** Keys, and until when they hold. */
export interface LoadedKeys {
  readonly keys: AccessKeys;
  /** Milliseconds since the epoch; undefined: for good. */
  readonly expiresMs: number | undefined;
}

/** The SDK writes warnings about what it finds to the console unless it is given a logger. */
const SILENT = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/**
 * Asks the SDK for keys: of a profile, or by AWS's default chain. The SDK is loaded here, and reads
 * the process's own environment and files beside what `env` says of where the files are.
 * @throws what the SDK throws.
 */
export async function loadKeys(
  profile: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<LoadedKeys> {
  const { fromIni, fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  const files = {
    ...(env['AWS_SHARED_CREDENTIALS_FILE'] && { filepath: env['AWS_SHARED_CREDENTIALS_FILE'] }),
    ...(env['AWS_CONFIG_FILE'] && { configFilepath: env['AWS_CONFIG_FILE'] }),
    ignoreCache: true,
    logger: SILENT,
  };
  const provide =
    profile === undefined ? fromNodeProviderChain(files) : fromIni({ profile, ...files });
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = await provide();
  return {
    keys: { accessKeyId, secretAccessKey, sessionToken },
    expiresMs: expiration?.getTime(),
  };
}

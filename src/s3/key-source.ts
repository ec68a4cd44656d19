import { FatalError } from '../model/failure.ts';
import type { Clock } from '../model/ports.ts';
import type { Credentials } from '../model/rule.ts';
import { loadKeys, type LoadedKeys } from './load-keys.ts';
import type { AccessKeys, KeySource } from './s3-store.ts';

/** Where the keys of one store come from. */
export interface KeySourceSettings {
  /** Undefined: AWS's default chain. */
  readonly credentials: Credentials | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whose keys they are: `bucket s3://media/`. */
  readonly subject: string;
  /** What it means for a run to have no keys. */
  readonly unusable: 'bucket-unusable' | 'origins-unusable';
  readonly clock: Pick<Clock, 'now'>;
}

/** Temporary keys are renewed so long before they expire: requests and clocks take their time. */
const RENEWED_BEFORE_MS = 5 * 60_000;

/** After a failed renewal the old keys, while they hold, are used so long before the next try. */
const RENEWAL_PAUSE_MS = 30_000;

/**
 * Makes the source of a store's keys. Variables are read at once, without the SDK; a profile and
 * the default chain are asked at the first call, and again when what they gave is about to expire:
 * once for all who wait.
 * @returns undefined for `anonymous`: requests are not signed.
 * @throws FatalError `usage` naming the variables that are not set; when called, FatalError of the
 * kind `unusable` saying what was tried.
 */
export function keySource(settings: KeySourceSettings): KeySource | undefined {
  const { credentials, env, subject } = settings;
  if (credentials === 'anonymous') return undefined;
  if (credentials !== undefined && 'env' in credentials) {
    const keys = keysInVariables(credentials.env, env, subject);
    return () => keys;
  }
  const profile = credentials?.profile;
  if (profile === undefined && isChainDecidedByEnv(env)) {
    const keys = keysInVariables('AWS', env, subject);
    return () => keys;
  }
  return renewedKeys(settings, async () => {
    try {
      return await loadKeys(profile, env);
    } catch (error) {
      throw new FatalError(settings.unusable, noKeysLine(subject, profile, error), error);
    }
  });
}

/**
 * Keeps loaded keys while they hold. One load is under way at most; whoever stops waiting for it
 * leaves it to the others.
 */
function renewedKeys({ clock }: KeySourceSettings, load: () => Promise<LoadedKeys>): KeySource {
  let held: LoadedKeys | undefined;
  let loading: Promise<LoadedKeys> | undefined;
  let pauseEndsMs = 0;

  const renew = async (): Promise<LoadedKeys> => {
    try {
      held = await load();
      return held;
    } catch (error) {
      if (held === undefined || isPast(held, clock.now())) throw error;
      pauseEndsMs = clock.now() + RENEWAL_PAUSE_MS;
      return held;
    } finally {
      loading = undefined;
    }
  };

  const renewed = async (signal: AbortSignal): Promise<AccessKeys> => {
    loading ??= renew();
    const { keys } = await unlessAborted(loading, signal);
    return keys;
  };

  return (signal) => {
    const nowMs = clock.now();
    if (held !== undefined && !isPast(held, nowMs + RENEWED_BEFORE_MS)) return held.keys;
    if (held !== undefined && nowMs < pauseEndsMs && !isPast(held, nowMs)) return held.keys;
    return renewed(signal);
  };
}

function isPast({ expiresMs }: LoadedKeys, nowMs: number): boolean {
  return expiresMs !== undefined && expiresMs <= nowMs;
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the signal's own reason
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** With both variables set and no profile named, AWS's default chain looks no further. */
function isChainDecidedByEnv(env: KeySourceSettings['env']): boolean {
  return (
    !env['AWS_PROFILE'] &&
    Boolean(env['AWS_ACCESS_KEY_ID']) &&
    Boolean(env['AWS_SECRET_ACCESS_KEY'])
  );
}

function keysInVariables(name: string, env: KeySourceSettings['env'], subject: string): AccessKeys {
  const idName = `${name}_ACCESS_KEY_ID`;
  const secretName = `${name}_SECRET_ACCESS_KEY`;
  const tokenName = `${name}_SESSION_TOKEN`;
  const [id, secret, token] = [env[idName], env[secretName], env[tokenName]];
  if (!id || !secret) {
    const unset = [id ? '' : idName, secret ? '' : secretName].filter((text) => text !== '');
    const are = unset.length === 1 ? 'is not set: set it' : 'are not set: set them';
    const line = `${subject}: the variable${unset.length === 1 ? '' : 's'} ${unset.join(' and ')} ${are} in the environment (credentials: { env: ${name} })`;
    throw new FatalError('usage', line);
  }
  refuseBlanks({ [idName]: id, [secretName]: secret, [tokenName]: token ?? '' }, subject);
  return { accessKeyId: id, secretAccessKey: secret, sessionToken: token || undefined };
}

/** A line break that came along from a file would show as a wrong signature, at best. */
function refuseBlanks(values: Readonly<Record<string, string>>, subject: string): void {
  const bad = Object.keys(values).find((name) => /[^\x21-\x7e]/.test(values[name] ?? ''));
  if (bad === undefined) return;
  const line = `${subject}: the variable ${bad} holds a space, a line break or another character that no key has: set it to the key alone`;
  throw new FatalError('usage', line);
}

function noKeysLine(subject: string, profile: string | undefined, error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const why = text.replace(/[\p{C}\s]+/gu, ' ').trim();
  return profile === undefined
    ? `${subject}: no credentials; tried AWS's default chain (variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE and ~/.aws, SSO, web identity, container and instance metadata): ${why}; give some there, or name variables by \`credentials: { env: NAME }\``
    : `${subject}: the profile ${JSON.stringify(profile)} gives no credentials (looked in ~/.aws/config and ~/.aws/credentials): ${why}; check the profile, or log in again where it uses SSO`;
}

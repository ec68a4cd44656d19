import { FatalError } from '../model/failure.ts';
import type { Secret } from '../model/rule.ts';
import { originUrlProblem } from './origin-url-problem.ts';

/** The environment's variables; handed in, so that nothing below the command line reads it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The text of a secret.
 * @param where the field's path, for the message
 * @throws FatalError `usage` naming variable and path where the variable is unset or empty.
 */
export function resolveSecret(secret: Secret, env: Environment, where: string): string {
  if ('text' in secret) return secret.text;
  const value = env[secret.env];
  if (value === undefined || value === '') {
    const state = value === undefined ? 'is not set' : 'is empty';
    throw new FatalError(
      'usage',
      `${where}: the environment variable ${secret.env} ${state}; set it, or change { env: ${secret.env} } in the rules file`,
    );
  }
  return value;
}

/**
 * The URL of an address, from the file or the environment, with its scheme in lower case.
 * @throws FatalError `usage` as {@link resolveSecret}, and where the variable holds no usable URL;
 * the message never repeats its text.
 */
export function resolveOriginUrl(secret: Secret, env: Environment, where: string): string {
  const url = resolveSecret(secret, env, where);
  const problem = originUrlProblem(url, 'env' in secret ? 'environment' : 'file');
  if (problem !== undefined) {
    const source = 'env' in secret ? ` (from the environment variable ${secret.env})` : '';
    throw new FatalError('usage', `${where}${source}: ${problem}`);
  }
  return url.replace(/^[^:]+/, (scheme) => scheme.toLowerCase());
}

/** A secret as people may see it: the literal text, or `${NAME}` for what the environment holds. */
export function maskSecret(secret: Secret): string {
  return 'text' in secret ? secret.text : `\${${secret.env}}`;
}

import { z } from 'zod';

import type { Credentials, S3Settings } from '../../model/rule.ts';
import { inlineSecret, splitUrl } from '../origin-url-problem.ts';
import { fields } from './fields.ts';
import { envName, line } from './scalars.ts';

const endpoint = z
  .string()
  .superRefine((url, context) => {
    const message = endpointProblem(url);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .meta({ description: 'URL of an S3-compatible store; absent: AWS' });

const namedCredentials = fields({ env: envName.optional(), profile: line.optional() })
  .transform((value, context): Credentials => {
    if (value.env !== undefined && value.profile === undefined) return { env: value.env };
    if (value.profile !== undefined && value.env === undefined) return { profile: value.profile };
    const message = 'expected one of { env: PREFIX }, { profile: name } and anonymous';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  })
  .meta({
    description:
      'env: PREFIX reads PREFIX_ACCESS_KEY_ID, PREFIX_SECRET_ACCESS_KEY and PREFIX_SESSION_TOKEN',
  });

const credentials = z
  .union([z.literal('anonymous'), namedCredentials], {
    error: 'expected { env: PREFIX }, { profile: name } or `anonymous`',
  })
  .meta({ description: 'absent: the AWS default chain; anonymous: requests are not signed' });

/** How an S3 store is spoken to; the same fields for the bucket and for s3:// origins. */
export const s3Shape = {
  endpoint: endpoint.optional(),
  region: line.optional(),
  pathStyle: z.boolean().optional(),
  ca: line.optional(),
  credentials: credentials.optional(),
  requesterPays: z.boolean().optional(),
};

/** What {@link s3Shape} yields. */
export interface S3Fields {
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly pathStyle?: boolean | undefined;
  readonly ca?: string | undefined;
  readonly credentials?: Credentials | undefined;
  readonly requesterPays?: boolean | undefined;
}

/** The settings with their defaults: AWS's first region, path style wherever an endpoint is set. */
export function s3Settings(value: S3Fields): S3Settings {
  return {
    endpoint: value.endpoint,
    region: value.region ?? 'us-east-1',
    pathStyle: value.pathStyle ?? value.endpoint !== undefined,
    ca: value.ca,
    credentials: value.credentials,
    requesterPays: value.requesterPays ?? false,
  };
}

function endpointProblem(url: string): string | undefined {
  const parts = splitUrl(url);
  if (parts === undefined) {
    return /^[\w.:-]{1,200}$/.test(url)
      ? `the endpoint has no scheme; did you mean \`https://${url}\`?`
      : 'the endpoint has no scheme; it starts with https:// or http://';
  }
  if (parts.scheme !== 'https' && parts.scheme !== 'http') {
    return `the scheme \`${parts.scheme}\` is not supported here; use https or http`;
  }
  const secret = inlineSecret(parts);
  if (secret !== undefined) return secret.replace(/; .*/s, '; use `credentials`');
  if (/[?#\\\s]/.test(url) || !URL.canParse(url)) return 'the endpoint is not a plain URL';
  return undefined;
}

import { answers, given, type ConformanceCheck } from './s3-conformance-check.ts';

const AGO_20_MINUTES_MS = 20 * 60_000;

/** Whose requests are let in. */
export const SIGNATURE_CHECKS: readonly ConformanceCheck[] = [
  answers('refuses a signature by another secret', '403 SignatureDoesNotMatch', (client) =>
    client.ask({ method: 'PUT', key: 'signature', body: 'x', secretAccessKey: 'wrong' }),
  ),
  answers('refuses a key id that nobody has', '403 InvalidAccessKeyId', (client) =>
    client.ask({ method: 'PUT', key: 'signature', body: 'x', accessKeyId: 'nobody' }),
  ),
  answers('refuses a signature for another key', '403 SignatureDoesNotMatch', (client) =>
    client.ask({ method: 'PUT', key: 'signature', sentKey: 'signatures', body: 'x' }),
  ),
  answers('refuses a signature of 20 minutes ago', '403 RequestTimeTooSkewed', (client) =>
    client.ask({ method: 'PUT', key: 'signature', body: 'x', signedAgoMs: AGO_20_MINUTES_MS }),
  ),
  answers('refuses a signature that is 20 minutes early', '403 RequestTimeTooSkewed', (client) =>
    client.ask({ method: 'PUT', key: 'signature', body: 'x', signedAgoMs: -AGO_20_MINUTES_MS }),
  ),
  answers('refuses a signature for another region', '400 AuthorizationHeaderMalformed', (client) =>
    client.ask({ method: 'PUT', key: 'signature/region', body: 'x', region: 'mars-1' }),
  ),
  {
    name: 'tells its region to a signature for another one',
    s3: 'told',
    verdict: async (client) => {
      const answer = await client.ask({ method: 'GET', key: 'signature/region', region: 'mars-1' });
      const told =
        answer.text.includes('<Region>') || answer.headers['x-amz-bucket-region'] !== undefined;
      return told ? 'told' : 'not told';
    },
  },
  answers('refuses a request without signature', '403 AccessDenied', (client) =>
    client.ask({ method: 'PUT', key: 'signature', body: 'x', unsigned: true }),
  ),
  {
    name: 'refuses to read to those without signature',
    s3: '403 AccessDenied',
    verdict: async (client) => {
      await given(client, 'signature/private', 'x');
      return (await client.ask({ method: 'GET', key: 'signature/private', unsigned: true }))
        .verdict;
    },
  },
  answers('refuses x-amz- headers that were not signed', '403 AccessDenied', (client) =>
    client.ask({
      method: 'PUT',
      key: 'signature/unsigned',
      body: 'x',
      unsignedHeaders: { 'x-amz-acl': 'public-read' },
    }),
  ),
  {
    name: 'stores nothing of what it refused',
    s3: '404 NoSuchKey',
    verdict: async (client) => (await client.ask({ method: 'GET', key: 'signature' })).verdict,
  },
  answers('says that a bucket is not there', '404 NoSuchBucket', (client) =>
    client.ask({ method: 'GET', bucket: 'a-bucket-that-nobody-made', key: 'x' }),
  ),
  answers('says so to HEAD, too', '404', (client) =>
    client.ask({ method: 'HEAD', bucket: 'a-bucket-that-nobody-made' }),
  ),
  answers('says that a bucket is there', '200', (client) => client.ask({ method: 'HEAD' })),
  answers('tells where a bucket is', '200', (client) =>
    client.ask({ method: 'GET', query: { location: '' } }),
  ),
];

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { RoutingRule } from '@aws-sdk/client-s3';
import { PutBucketWebsiteCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { imported, urlsFor } from './imported.ts';

const bodies: string[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    bodies.push(Buffer.concat(chunks).toString('utf8'));
    response.end();
  });
});
let client: S3Client;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  client = new S3Client({
    endpoint: `http://127.0.0.1:${String(port)}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-a-real-secret' },
  });
});

afterAll(async () => {
  client.destroy();
  server.close();
  await once(server, 'close');
});

/** The configuration as the vendor's own program sends it. */
async function sent(rules: readonly RoutingRule[]): Promise<string> {
  const WebsiteConfiguration = {
    IndexDocument: { Suffix: 'index.html' },
    RoutingRules: [...rules],
  };
  await client.send(new PutBucketWebsiteCommand({ Bucket: 'media', WebsiteConfiguration }));
  const body = bodies.pop();
  if (body === undefined) throw new Error('nothing was sent');
  return body;
}

const RULES: readonly RoutingRule[] = [
  {
    Condition: { KeyPrefixEquals: 'a & <b>/', HttpErrorCodeReturnedEquals: '404' },
    Redirect: {
      Protocol: 'https',
      HostName: 'old.example.com',
      ReplaceKeyPrefixWith: '"c" \'d\' é/',
      HttpRedirectCode: '307',
    },
  },
  { Redirect: { HostName: 'rest.example.com', Protocol: 'http', ReplaceKeyWith: 'x/${key}' } },
];

describe('website rules as client-s3 writes them', () => {
  test('are read as they were given, whatever characters they hold', async () => {
    const { rules } = imported('s3-website', await sent(RULES)).rules;
    expect(rules).toMatchObject([
      {
        match: { keyPrefix: 'a & <b>/', statuses: [404] },
        action: 'redirect',
        redirect: { status: 307 },
        key: { replacePrefix: '"c" \'d\' é/' },
      },
      {
        match: { statuses: 'any' },
        redirect: { status: 301 },
        key: { template: { before: 'x/' } },
      },
    ]);
  });

  test('lead where the vendor would send clients', async () => {
    const document = await sent(RULES);
    expect(urlsFor('s3-website', document, 'a & <b>/k')).toEqual([
      'https://old.example.com/%22c%22%20%27d%27%20%C3%A9/k',
    ]);
    expect(urlsFor('s3-website', document, 'k')).toEqual(['http://rest.example.com/x/k']);
  });

  test('are the same rules as the JSON that command lines print', async () => {
    const fromXml = imported('s3-website', await sent(RULES)).rules.rules;
    expect(imported('s3-website', { RoutingRules: RULES }).rules.rules).toEqual(fromXml);
  });
});

import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { bucketFailure, originFailure } from '../../src/s3/explain-s3-error.ts';
import { listPages } from '../../src/s3/list-objects.ts';
import { silenceSdkWarnings } from '../../src/s3/silence-sdk-warnings.ts';
import type { S3Store } from '../../src/s3/s3-store.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import type { FaultAnswer } from '../support/fault-origin-script.ts';
import { getRequest, NEVER, storeUnderTest } from './store-under-test.ts';

const SECRET = 'wJalr/K7MDCANARY+bPx';
const TOKEN = 'FwoGCANARY//token==';
const KEYS = { accessKeyId: 'AKIACANARYID', secretAccessKey: SECRET, sessionToken: TOKEN };

/** All that a careless store has of a request. */
const ECHO = [
  `id ${KEYS.accessKeyId}`,
  `secret ${SECRET}`,
  `token ${TOKEN}`,
  `url ?X-Amz-Security-Token=${encodeURIComponent(TOKEN)}&X-Amz-Signature=CANARYSIGNATURE`,
  'X-Amz-Credential=CANARYCREDENTIAL',
  `StringToSign CANARYSTRING`,
].join(' ');

const error = (elements: string): string => `<Error><Code>Odd</Code>${elements}</Error>`;
const element = (name: string, text = ECHO): string =>
  `<${name}>${text.replaceAll('&', '&amp;')}</${name}>`;
/** The cut of a long message would leave half of a secret, if it came before the masking. */
const CUT = `${'x'.repeat(385)} ${SECRET}`;

const ECHOES: readonly (readonly [name: string, answer: FaultAnswer])[] = [
  ['the message', { body: error(element('Message')) }],
  ['a message that is cut', { body: error(element('Message', CUT)) }],
  ['the code', { body: `<Error>${element('Code')}</Error>` }],
  ['the code alone', { body: `<Error>${element('Code', KEYS.accessKeyId)}</Error>` }],
  ['the argument', { body: error(element('ArgumentName')) }],
  ['the header', { body: error(element('Header')) }],
  ['the request id', { body: error(element('RequestId')) }],
  ['the region', { body: error(element('Region')) }],
  ['the endpoint', { body: error(element('Endpoint')) }],
  [
    'the elements about the signature',
    {
      body: error(
        ['AWSAccessKeyId', 'StringToSign', 'StringToSignBytes', 'CanonicalRequest']
          .map((name) => element(name))
          .join(''),
      ),
    },
  ],
  ['plain text', { body: ECHO }],
  ['plain text that is cut', { body: `${'x'.repeat(90)} ${SECRET}` }],
  ['JSON', { body: JSON.stringify({ message: SECRET, token: TOKEN }).replaceAll('/', '\\/') }],
  ['a page', { body: `<html><title>${ECHO.replaceAll('/', '&#x2F;')}</title></html>` }],
  ['the code in the head', { headers: { 'x-minio-error-code': SECRET } }],
  ['the ids in the head', { headers: { 'x-amz-request-id': SECRET, 'x-amz-id-2': TOKEN } }],
  ['the region in the head', { headers: { 'x-amz-bucket-region': SECRET } }],
  ['a location', { headers: { location: `https://${KEYS.accessKeyId}.example/?t=${SECRET}` } }],
  ['an answer that is no HTTP', { declaredLength: SECRET }],
];

let origin: FaultOrigin;
let store: S3Store;
beforeEach(async () => {
  silenceSdkWarnings(process.env);
  origin = await faultOrigin();
  ({ store } = storeUnderTest(origin.url, { keys: () => Promise.resolve(KEYS) }));
});
afterEach(async () => {
  await store.close();
  await origin.close();
});

async function thrownBy(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
  } catch (thrown) {
    return thrown;
  }
  throw new Error('nothing was thrown');
}

/** Neither the error nor what either port makes of it shows a secret, in any field or cause. */
function expectNoSecret(thrown: unknown): void {
  const subject = { bucket: 's3://b/', doing: 'read' };
  for (const told of [thrown, bucketFailure(thrown, subject), originFailure(thrown, subject)]) {
    const { message } = told as Error;
    const shown = `${message} ${inspect(told, { depth: 10, showHidden: true })}`;
    expect(shown.replaceAll(/\bat .*\n/g, '')).not.toMatch(/CANARY|wJalr|FwoG/i);
  }
}

describe('secrets that a store echoes', () => {
  describe.each([403, 400, 301, 500])('with status %i', (status) => {
    it.each(ECHOES)('in %s are shown nowhere', async (_, answer) => {
      origin.script('/b/k', { status, ...answer });
      expectNoSecret(
        await thrownBy(() => store.send(getRequest('k'), () => Promise.resolve(), NEVER)),
      );
    });
  });

  it.each(ECHOES)('in %s to a call of the SDK are shown nowhere', async (_, answer) => {
    origin.script('/b/k?uploads=', { status: 403, ...answer });
    origin.script('/b/k?uploads', { status: 403, ...answer });
    expectNoSecret(await thrownBy(() => store.control.createUpload('k', {}, NEVER)));
    expect(origin.requests[0]?.path).toMatch(/^\/b\/k\?uploads=?$/);
  });

  it.each([
    ['an error', error(element('Message'))],
    ['broken XML', `<InitiateMultipartUploadResult></${KEYS.accessKeyId}>`],
    ['unclosed XML', `<InitiateMultipartUploadResult><${KEYS.accessKeyId}>`],
    ['plain text', ECHO],
  ])('in an answer of 200 with %s to a call of the SDK are shown nowhere', async (_, body) => {
    for (const path of ['/b/k?uploads=', '/b/k?uploads']) origin.script(path, { body });
    const thrown = await thrownBy(() => store.control.createUpload('k', {}, NEVER));
    expectNoSecret(thrown);
  });

  it.each(ECHOES)('in %s to a listing are shown nowhere', async (_, answer) => {
    origin.script('/b?encoding-type=url&list-type=2', { status: 403, ...answer });
    const pages = listPages(store, { prefix: '', after: '' }, NEVER);
    expectNoSecret(await thrownBy(() => pages.next()));
  });

  it('do not hide a code that a short key happens to be part of', async () => {
    const keys = { accessKeyId: 'Slow', secretAccessKey: 'Down', sessionToken: undefined };
    ({ store } = storeUnderTest(origin.url, { keys: () => Promise.resolve(keys) }));
    origin.script('/b/k', { status: 503, body: '<Error><Code>SlowDown</Code></Error>' });
    const thrown = await thrownBy(() =>
      store.send(getRequest('k'), () => Promise.resolve(), NEVER),
    );
    expect(thrown).toMatchObject({ code: 'SlowDown' });
  });
});

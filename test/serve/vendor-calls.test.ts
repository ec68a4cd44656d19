import { createHash } from 'node:crypto';
import { Agent } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RuleVendor } from '../../src/model/vendor-documents.ts';
import { putRules } from '../../src/rules/vendors/put-rules.ts';
import type { VendorRules } from '../../src/serve/admin/vendor-calls.ts';
import { ask, openTestAdmin, sampleView, TOKEN, type Answer } from './admin-under-test.ts';
import { inXml, sample, VENDOR_CASES } from './vendor-cases.ts';

const BEARER = { authorization: `Bearer ${TOKEN}` };

/** Keeps the documents that `putRules` takes. */
function keptRules(): VendorRules & { readonly kept: Map<RuleVendor, string> } {
  const kept = new Map<RuleVendor, string>();
  return {
    kept,
    document: (vendor) => kept.get(vendor),
    put: (vendor, text) => {
      if (kept.get(vendor) === text) return Promise.resolve({ outcome: 'identical' });
      const put = putRules(vendor, text);
      if (!put.accepted) {
        const { problem, message } = put;
        return Promise.resolve({ outcome: 'refused', problem, message });
      }
      kept.set(vendor, text);
      return Promise.resolve({ outcome: 'stored' });
    },
    remove: (vendor) => {
      kept.delete(vendor);
      return Promise.resolve();
    },
  };
}

type Asked = (
  method: string,
  body?: string | Uint8Array,
  headers?: Record<string, string>,
) => Promise<Answer>;

/** Asks a vendor's call of one admin port, with the token. */
async function caller(path: string, rules: VendorRules = keptRules()): Promise<Asked> {
  const address = await openTestAdmin({ view: sampleView({ vendorRules: rules }) });
  return async (method, body, headers = BEARER) => {
    const bytes = body === undefined ? {} : { body: Buffer.from(body) };
    return ask(address, path, { method, headers, ...bytes });
  };
}

const md5 = (text: string): string => createHash('md5').update(text).digest('base64');

describe.each(VENDOR_CASES)('the calls of $vendor', (vendor) => {
  const { path, document, put, type, server, idHeader, idForm, codes } = vendor;

  function expectProblem(answer: Answer, status: number, code: string): void {
    expect(answer).toMatchObject({
      status,
      headers: { 'content-type': vendor.errorType, 'cache-control': 'no-store', server },
    });
    const id = String(answer.headers[idHeader]);
    expect(id).toMatch(idForm);
    vendor.says(answer.text, code, id);
  }

  test('PUT takes the document, and the same again', async () => {
    const rules = keptRules();
    const asked = await caller(path, rules);
    for (const status of put) {
      const answer = await asked('PUT', document);
      expect(answer).toMatchObject({
        status,
        text: '',
        headers: { 'content-length': '0', server },
      });
      expect(answer.headers[idHeader]).toMatch(idForm);
      expect(answer.headers).not.toHaveProperty('content-type');
    }
    expect(rules.kept).toEqual(new Map([[vendor.vendor, document]]));
  });

  test('GET gives the document byte for byte, HEAD its headers, DELETE removes it', async () => {
    const asked = await caller(path);
    const text = vendor.type.includes('json') ? `\uFEFF${document}\r\n ` : `\uFEFF${document}\r\n`;
    expect((await asked('PUT', text)).status).toBe(put[0]);
    const got = await asked('GET');
    expect(got).toMatchObject({
      status: 200,
      text,
      headers: { 'content-type': type, 'cache-control': 'no-store', server },
    });
    const head = await asked('HEAD');
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers['content-length']).toBe(String(Buffer.byteLength(text)));
    const removed = await asked('DELETE');
    expect(removed).toMatchObject({ status: 204, text: '', headers: { server } });
    expect(removed.headers).not.toHaveProperty('content-length');
    expectProblem(await asked('GET'), 404, codes.absent);
    expect((await asked('DELETE')).status).toBe(204);
    expect((await asked('PUT', text)).status).toBe(put[0]);
  });

  test('a document beyond the limits is refused, and what was there stays', async () => {
    const asked = await caller(path);
    await asked('PUT', document);
    const answer = await asked('PUT', vendor.invalid);
    expectProblem(answer, 400, codes.invalid);
    expect(answer.text).toContain('the document: ');
    expectProblem(await asked('PUT', document.slice(0, -9)), 400, codes.malformed);
    expect((await asked('GET')).text).toBe(document);
  });

  test('what is no UTF-8 is refused and reaches nobody', async () => {
    const taken: string[] = [];
    const asked = await caller(path, {
      ...keptRules(),
      put: (_, text) => {
        taken.push(text);
        return Promise.resolve({ outcome: 'stored' });
      },
    });
    const bytes = Buffer.concat([Buffer.from(document), Buffer.from([0xc3])]);
    expectProblem(await asked('PUT', bytes), 400, codes.malformed);
    expect(taken).toEqual([]);
  });

  test('Content-MD5 is held against the body', async () => {
    const rules = keptRules();
    const asked = await caller(path, rules);
    for (const declared of [md5('another'), 'no-md5']) {
      const wrong = await asked('PUT', document, { ...BEARER, 'content-md5': declared });
      expectProblem(wrong, 400, codes.digest);
    }
    expect(rules.kept.size).toBe(0);
    const right = await asked('PUT', document, { ...BEARER, 'content-md5': md5(document) });
    expect(right.status).toBe(put[0]);
  });

  test.each(['POST', 'PATCH', 'OPTIONS'])('%s is 405 in its form', async (method) => {
    const answer = await (await caller(path))(method);
    expectProblem(answer, 405, codes.method);
    expect(answer.headers.allow).toBe('PUT, GET, HEAD, DELETE');
  });

  test.each(['PUT', 'GET', 'DELETE'])('%s without the token is 403 in its form', async (method) => {
    const rules = keptRules();
    rules.kept.set(vendor.vendor, document);
    const asked = await caller(path, rules);
    for (const headers of [{}, { authorization: 'Bearer another' }]) {
      const answer = await asked(method, method === 'PUT' ? 'other' : undefined, headers);
      expectProblem(answer, 403, codes.denied);
      expect(answer.text).not.toContain('o.example');
    }
    expect(rules.kept.get(vendor.vendor)).toBe(document);
  });

  test('where no token is configured nobody is let in', async () => {
    const view = sampleView({ vendorRules: keptRules() });
    const address = await openTestAdmin({ view, token: undefined });
    const answer = await ask(address, path, { method: 'GET', headers: BEARER });
    expectProblem(answer, 403, codes.denied);
  });

  test('the sub-resource may have an empty value, and nothing beside it', async () => {
    const address = await openTestAdmin({ view: sampleView({ vendorRules: keptRules() }) });
    const get = async (target: string) => ask(address, target, { headers: BEARER });
    expectProblem(await get(`${path}=`), 404, codes.absent);
    const page = { status: 200, text: '<p>whole</p>' };
    expect(await get(`${path}=1`)).toMatchObject(page);
    expect(await get(`${path}&a=b`)).toMatchObject(page);
    expect(await get(path.toUpperCase())).toMatchObject(page);
    const { text } = await get(`/key${path.slice(1)}`);
    expect(JSON.parse(text)).toEqual({ error: 'there is nothing here' });
  });
});

describe('what the seeds say of the calls', () => {
  test('Q1 only the owner, who holds the admin token, sets the mirror', async () => {
    const asked = await caller('/?mirror');
    expect((await asked('PUT', sample('qingstor.json'), {})).status).toBe(403);
    expect((await asked('PUT', sample('qingstor.json'))).status).toBe(200);
  });

  test('Q2 a PUT is answered as in the sample, without Content-Type in the request', async () => {
    const address = await openTestAdmin({ view: sampleView({ vendorRules: keptRules() }) });
    // With this agent the client would keep the connection.
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => {
      agent.destroy();
    });
    const body = Buffer.from('{"source_site": "http://example.com:80/image/"}');
    const answer = await ask(address, '/?mirror', { method: 'PUT', headers: BEARER, body, agent });
    expect(answer).toMatchObject({
      status: 200,
      text: '',
      headers: { server: 'QingStor', 'content-length': '0', connection: 'close' },
    });
    expect(answer.headers['x-qs-request-id']).toMatch(/^[0-9a-f]{32}$/);
    expect(answer.headers).toHaveProperty('date');
  });

  test("a vendor's host name is as good as ours, but for its calls only", async () => {
    const host = 'bucket.vendor.example';
    const asked = await caller('/?mirror');
    const body = '{"source_site": "http://example.com/"}';
    expect((await asked('PUT', body, { ...BEARER, host })).status).toBe(200);
    expect((await asked('PUT', body, { host })).status).toBe(403);
    const page = await caller('/?mirror&more');
    expect((await page('GET', undefined, { ...BEARER, host })).status).toBe(421);
  });

  test('Q3 there are no parameters, and errors are those of the general table', async () => {
    const asked = await caller('/?mirror');
    const answer = await asked('PUT', '{"source_site": "ftp://h.example/"}');
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toEqual({
      code: 'invalid_argument',
      message:
        'the document: source_site: expected an address that starts with http:// or https://',
      request_id: answer.headers['x-qs-request-id'],
      url: 'http://docs.qingcloud.com/qingstor/api/error_code.html',
    });
  });

  test('H1 an identical policy is 200, another one 201', async () => {
    const asked = await caller('/?mirrorBackToSource');
    const other = sample('obs.json').replace('abc123', 'abc124');
    const statuses: unknown[] = [];
    for (const body of [sample('obs.json'), sample('obs.json'), other, other, sample('obs.json')]) {
      statuses.push((await asked('PUT', body)).status);
    }
    expect(statuses).toEqual([201, 200, 201, 200, 201]);
  });

  test('H38 the sample is PUT with one of its key fields: 201, and 200 when it comes again', async () => {
    const asked = await caller('/?mirrorBackToSource');
    const json = { ...BEARER, 'content-type': 'application/json' };
    const first = await asked('PUT', sample('obs.json'), json);
    expect(first).toMatchObject({
      status: 201,
      text: '',
      headers: { server: 'OBS', 'content-length': '0' },
    });
    expect(first.headers['x-obs-id-2']).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(first.headers).toHaveProperty('date');
    expect((await asked('PUT', sample('obs.json'), json)).status).toBe(200);
  });
});

describe('beside the calls', () => {
  test('texts of a document are escaped in an error', async () => {
    const document = sample('obs.json').replace('"404"', '"a<b>&"');
    const rules: VendorRules = {
      ...keptRules(),
      put: () =>
        Promise.resolve({ outcome: 'refused', problem: 'invalid', message: 'a<b>&c\u0001\uffff' }),
    };
    const answer = await (await caller('/?mirrorBackToSource', rules))('PUT', document);
    expect(inXml(answer.text, 'Message')).toBe('a&lt;b&gt;&amp;c\ufffd\ufffd');
  });

  test('OSS names the host that was asked', async () => {
    const answer = await (await caller('/?website'))('GET');
    expect(inXml(answer.text, 'HostId')).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  test('where the rules can’t be kept that is a 500, told to the owner', async () => {
    const troubles: unknown[] = [];
    const vendorRules = { ...keptRules(), put: () => Promise.reject(new Error('disk full')) };
    const view = sampleView({ vendorRules });
    const address = await openTestAdmin({ view, onTrouble: (error) => troubles.push(error) });
    const body = Buffer.from(sample('qingstor.json'));
    const answer = await ask(address, '/?mirror', { method: 'PUT', headers: BEARER, body });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('disk');
    expect(troubles).toEqual([new Error('disk full')]);
  });

  test('the page stands where no sub-resource is named', async () => {
    const address = await openTestAdmin();
    for (const path of ['/', '/?', '/?acl', '/?uploads=']) {
      expect(await ask(address, path)).toMatchObject({ status: 200, text: '<p>whole</p>' });
    }
    expect((await ask(address, '/', { method: 'PUT', headers: BEARER })).status).toBe(405);
  });

  test('what is asked below /prefetch/ goes where it is answered, as it came', async () => {
    const asked: unknown[] = [];
    const view = sampleView({
      prefetch: ({ method, path, rawQuery, body }) => {
        asked.push({ method, path, rawQuery, body: Buffer.from(body).toString() });
        return Promise.resolve({ status: 200, headers: {}, body: '' });
      },
    });
    const options = { method: 'POST', body: Buffer.from('a=b') };
    const path = '/prefetch/bmV3ZG9jczpmaW5kLm1hbi50eHQ=?x=%2F+1';
    expect((await ask(await openTestAdmin({ view }), path, options)).status).toBe(200);
    expect(asked).toEqual([
      {
        method: 'POST',
        path: '/prefetch/bmV3ZG9jczpmaW5kLm1hbi50eHQ=',
        rawQuery: 'x=%2F+1',
        body: 'a=b',
      },
    ]);
    expect((await ask(await openTestAdmin(), path, options)).status).toBe(404);
  });
});

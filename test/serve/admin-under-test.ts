import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { onTestFinished } from 'vitest';
import { openAdmin, type AdminAddress, type AdminSettings } from '../../src/serve/admin/admin.ts';
import type { AdminView } from '../../src/serve/admin/admin-view.ts';
import type { VendorRules } from '../../src/serve/admin/vendor-calls.ts';
import { emptyStatus } from '../page/sample-status.ts';

export const TOKEN = 'a-token-of-the-test';

/** A view that says what it was asked. */
export function sampleView(changed: Partial<AdminView> = {}): AdminView {
  return {
    ready: () => ({ ready: true }),
    metrics: () => Promise.resolve({ type: 'text/plain; version=0.0.4', text: 'up 1\n' }),
    status: () => Promise.resolve(emptyStatus()),
    explain: (query) => ({ explained: query }),
    flush: (prefix) => prefix.length,
    reload: () => Promise.resolve({ ok: true, rules: 3 }),
    vendorRules: noVendorRules(),
    page: (_, part) => ({ html: `<p>${part}</p>`, policy: "default-src 'none'; img-src data:" }),
    ...changed,
  };
}

/** Vendors' rules of which there are none, and which nobody can put. */
function noVendorRules(): VendorRules {
  return {
    document: () => undefined,
    put: () => Promise.reject(new Error('nothing can be PUT here')),
    remove: () => Promise.resolve(),
  };
}

/** An admin port for the time of the test. */
export async function openTestAdmin(settings: Partial<AdminSettings> = {}): Promise<AdminAddress> {
  const admin = await openAdmin({
    listen: { host: '127.0.0.1', port: 0 },
    view: sampleView(),
    token: TOKEN,
    ...settings,
  });
  onTestFinished(() => admin.close());
  return admin.address;
}

export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** One request on a connection of its own. */
export async function ask(
  { host, port }: AdminAddress,
  path: string,
  options: RequestOptions & { readonly body?: Uint8Array } = {},
): Promise<Answer> {
  const asked = request({ host, port, path, agent: false, ...options });
  // What is refused before its body is read may close the connection on us.
  asked.on('error', () => undefined);
  const answered = new Promise<Answer>((resolve, reject) => {
    asked.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode, headers } = response;
        resolve({ status: statusCode, headers, text: Buffer.concat(chunks).toString() });
      });
    });
    void once(asked, 'close').then(() => {
      reject(new Error('closed without an answer'));
    }, reject);
  });
  asked.end(options.body);
  return answered;
}

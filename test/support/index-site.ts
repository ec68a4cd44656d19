import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a site answers to a path: a page, or whatever a function does with the answer. */
export type SitePage =
  string | ((response: ServerResponse, request: IncomingMessage) => void) | undefined;

/** A site of index pages on a loopback port. */
export interface IndexSite {
  /** Base URL with its final slash. */
  readonly url: string;
  /** Paths asked for, with their queries, in order. */
  readonly asked: string[];
  readonly userAgents: ReadonlySet<string>;
  readonly close: () => Promise<void>;
}

/** Starts a site; strings are HTML pages, `undefined` is 404. */
export async function startIndexSite(page: (path: string) => SitePage): Promise<IndexSite> {
  const asked: string[] = [];
  const userAgents = new Set<string>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    userAgents.add(request.headers['user-agent'] ?? '');
    const found = page(path);
    if (found === undefined) response.writeHead(404).end();
    else if (typeof found === 'function') found(response, request);
    else response.writeHead(200, { 'content-type': 'text/html' }).end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/`,
    asked,
    userAgents,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An index page of links, one a line, as web servers write them. */
export function indexOf(links: readonly string[]): string {
  const lines = links.map((link) => `<a href="${link}">${link}</a>\n`);
  return `<html><body><pre>${lines.join('')}</pre></body></html>`;
}

/** The pages of a map; any other path is 404. */
export function pagesOf(pages: Readonly<Record<string, SitePage>>): (path: string) => SitePage {
  return (path) => (Object.hasOwn(pages, path) ? pages[path] : undefined);
}

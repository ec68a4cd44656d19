import { createServer } from 'node:http';
import { connect } from 'node:net';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { headerText } from '../../src/plan/header-text.ts';
import { headerBytes } from '../../src/serve/client/header-bytes.ts';

test.each(['a\r\nb', 'a\n', '\u0000', '\u001f', '\u007f'])('no header carries %j', (text) => {
  expect(headerBytes(text)).toBeUndefined();
});

test('what is read as a text is written as the bytes that it came in', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', ' ', '\t', '~', 'é', '\u0080', '漢', '\u{1f5c4}', '\ufeff'),
  });
  fc.assert(
    fc.property(text, (said) => {
      const sent = Buffer.from(said).toString('latin1');
      expect(headerBytes(headerText(sent))).toBe(sent);
    }),
  );
});

test('the bytes on the wire are UTF-8', async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'x-a': headerBytes('Größe 漢字') ?? '', connection: 'close' });
    response.end(Buffer.from('body'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString('utf8')).toContain('x-a: Größe 漢字\r\n');
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

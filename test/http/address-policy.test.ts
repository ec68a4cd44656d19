import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { addressKind, addressRefusal, type AddressKind } from '../../src/http/address-policy.ts';
import { request, testClient } from '../support/fault-origin-client.ts';
import { faultOrigin } from '../support/fault-origin.ts';

const never = new AbortController().signal;

describe('an address', () => {
  it.each<[string, AddressKind]>([
    ['8.8.8.8', 'public'],
    ['203.0.113.7', 'public'],
    ['0.0.0.0', 'loopback'],
    ['0.1.2.3', 'loopback'],
    ['10.0.0.5', 'private'],
    ['9.255.255.255', 'public'],
    ['11.0.0.0', 'public'],
    ['100.63.255.255', 'public'],
    ['100.64.0.0', 'private'],
    ['100.127.255.255', 'private'],
    ['100.128.0.0', 'public'],
    ['100.100.100.200', 'metadata'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['169.254.0.1', 'link-local'],
    ['169.254.169.254', 'link-local'],
    ['168.63.129.16', 'metadata'],
    ['172.15.255.255', 'public'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.0', 'public'],
    ['192.0.0.1', 'private'],
    ['192.0.0.192', 'metadata'],
    ['192.168.1.1', 'private'],
    ['198.18.0.1', 'private'],
    ['198.20.0.1', 'public'],
    ['224.0.0.1', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['2606:4700::1111', 'public'],
    ['::', 'loopback'],
    ['::1', 'loopback'],
    ['0:0:0:0:0:0:0:1', 'loopback'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['febf::1', 'link-local'],
    ['fec0::1', 'private'],
    ['fc00::1', 'private'],
    ['fd12:3456::1', 'private'],
    ['fd00:ec2::254', 'metadata'],
    ['fd20:ce::254', 'metadata'],
    ['ff02::1', 'multicast'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['::ffff:169.254.169.254', 'link-local'],
    ['::ffff:8.8.8.8', 'public'],
    ['::ffff:0:10.0.0.1', 'private'],
    ['::10.0.0.1', 'private'],
    ['64:ff9b::a9fe:a9fe', 'link-local'],
    ['64:ff9b::8.8.8.8', 'public'],
    ['64:ff9b:1::1', 'private'],
    ['2002:7f00:1::', 'loopback'],
    ['2002:808:808::1', 'public'],
    ['2001:0:0:0:0:0:5601:5601', 'link-local'],
    ['2001:0:0:0:0:0:f7f7:f7f7', 'public'],
    ['not an address', 'reserved'],
  ])('%s is %s', (address, kind) => {
    expect(addressKind(address)).toBe(kind);
  });

  it.each([
    ['8.8.8.8', undefined, undefined],
    ['10.0.0.5', { kind: 'private', allowable: true }, undefined],
    ['::1', { kind: 'loopback', allowable: true }, undefined],
    [
      '169.254.1.1',
      { kind: 'link-local', allowable: false },
      { kind: 'link-local', allowable: false },
    ],
    [
      '100.100.100.200',
      { kind: 'metadata', allowable: false },
      { kind: 'metadata', allowable: false },
    ],
    ['224.0.0.1', { kind: 'multicast', allowable: false }, { kind: 'multicast', allowable: false }],
  ])('%s is refused as %j, and with allowPrivate as %j', (address, strict, allowing) => {
    expect(addressRefusal(address, false)).toEqual(strict);
    expect(addressRefusal(address, true)).toEqual(allowing);
  });

  it('in IPv4 is judged the same when IPv6 carries it', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(addressKind(`::ffff:${address}`)).toBe(addressKind(address));
        expect(addressKind(`64:ff9b::${address}`)).toBe(addressKind(address));
      }),
    );
  });
});

describe('dialling', () => {
  const ask = (url: string, settings: Parameters<typeof testClient>[0], connectTo?: string) =>
    testClient({ allowPrivate: false, ...settings }).exchange(
      request(url, {}, { connectTo }),
      () => Promise.resolve('asked'),
      never,
    );
  const resolvingTo = (...addresses: string[]) => ({
    resolve: (
      _: string,
      done: (error: null, list: { address: string; family: number }[]) => void,
    ) => {
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    },
  });

  it('refuses a private literal, naming it and the setting', async () => {
    await expect(ask('http://10.0.0.5/x', {})).rejects.toMatchObject({
      code: 'ADDRESS_REFUSED',
      message:
        '10.0.0.5 is a private address: set `allowPrivate: true` in the rules file (or --allow-private) if that is intended',
    });
  });

  it('refuses a name by what it resolves to, naming both', async () => {
    await expect(ask('http://a.example/x', resolvingTo('10.0.0.5'))).rejects.toMatchObject({
      code: 'ADDRESS_REFUSED',
      message:
        'a.example resolves to 10.0.0.5, a private address: set `allowPrivate: true` in the rules file (or --allow-private) if that is intended',
    });
  });

  it.each([
    'http://0x7f.1/',
    'http://2130706433/',
    'http://[::ffff:127.0.0.1]/',
    'http://localhost:1/',
    'http://sub.localhost/',
    'http://127.1:80/',
  ])('refuses %s however it spells loopback', async (url) => {
    await expect(ask(url, {})).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  });

  it.each(['http://169.254.169.254/', 'http://[fe80::1]/', 'http://metadata.google.internal/'])(
    'refuses %s even with allowPrivate',
    async (url) => {
      const asking = ask(url, { allowPrivate: true });
      await expect(asking).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
      await expect(asking).rejects.toThrow(/whatever the rules say/);
    },
  );

  it('refuses what connectTo names, not only the URL', async () => {
    for (const place of ['127.0.0.1', '127.0.0.1:80', '[::1]:80', '::1', '0177.0.0.1:80']) {
      await expect(ask('http://8.8.8.8/', {}, place)).rejects.toMatchObject({
        code: 'ADDRESS_REFUSED',
      });
    }
  });

  it('judges a name by each of its resolutions, so rebinding it helps nobody', async () => {
    const origin = await faultOrigin();
    let turn = 0;
    const resolve: NonNullable<Parameters<typeof testClient>[0]>['resolve'] = (_, done) => {
      done(null, [{ address: turn++ === 0 ? '127.0.0.1' : '169.254.169.254', family: 4 }]);
    };
    const client = testClient({ resolve });
    origin.script('/o', { body: 'x', hangUp: true });
    const read = () =>
      client.exchange(
        request(`http://a.example:${String(origin.port)}/o`),
        (response) => response.bytes(9),
        never,
      );
    expect((await read()).length).toBe(1);
    origin.dropConnections();
    await new Promise((done) => setTimeout(done, 20));
    await expect(read()).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
    await client.close();
    await origin.close();
  });

  it('uses the addresses of a name that are not refused', async () => {
    const origin = await faultOrigin();
    const url = `http://a.example:${String(origin.port)}/o`;
    const settings = { allowPrivate: true, ...resolvingTo('169.254.169.254', '127.0.0.1') };
    expect(await ask(url, settings)).toBe('asked');
    await origin.close();
  });
});

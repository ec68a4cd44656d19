import { describe, expect, test } from 'vitest';

import { putRules } from '../../../src/rules/vendors/put-rules.ts';
import { holdsLimits, refusalOf, rulesPut } from './put-limits.ts';

const website = (...rules: readonly string[]) =>
  `<WebsiteConfiguration><RoutingRules>${rules.join('')}</RoutingRules></WebsiteConfiguration>`;
const element = (name: string, text: string) => `<${name}>${text}</${name}>`;

function routing(redirect: string, condition: string, number = '1'): string {
  const rule = element('Condition', condition) + element('Redirect', redirect);
  return element('RoutingRule', (number === '' ? '' : element('RuleNumber', number)) + rule);
}

const NOT_FOUND = element('HttpErrorCodeReturnedEquals', '404');
const ORIGIN = element('MirrorURL', 'http://www.example-domain.com/');
const MIRROR = element('RedirectType', 'Mirror');
const EXTERNAL = element('RedirectType', 'External') + element('HostName', 'o.example');

const mirror = (more = '', url = ORIGIN) => website(routing(MIRROR + url + more, NOT_FOUND));
const external = (more = '', condition = NOT_FOUND) => website(routing(EXTERNAL + more, condition));
const numbered = (...numbers: readonly string[]) =>
  website(...numbers.map((number) => routing(MIRROR + ORIGIN, NOT_FOUND, number)));
const upTo = (count: number) =>
  numbered(...Array.from({ length: count }, (_, at) => String(at + 1)));
const headers = (...elements: readonly string[]) =>
  mirror(element('MirrorHeaders', elements.join('')));
const names = (count: number) => Array.from({ length: count }, (_, at) => `x-${at}`);
const set = (name: string, value: string) =>
  element('Set', element('Key', name) + element('Value', value));
const includes = (count: number) =>
  names(count)
    .map((name) => element('IncludeHeader', element('Key', name) + element('Equals', '1')))
    .join('');
const alternate = (number: string) =>
  mirror(
    element(
      'MirrorMultiAlternates',
      element(
        'MirrorMultiAlternate',
        element('MirrorMultiAlternateNumber', number) +
          element('MirrorMultiAlternateURL', 'https://m.example/'),
      ),
    ),
  );

describe('a PUT of OSS: the rules as a whole', () => {
  holdsLimits('oss', [
    {
      title: 'O1 the 21st rule is refused',
      at: upTo(20),
      beyond: upTo(21),
      names: '`RoutingRules`: 21 rules; OSS allows at most 20',
    },
    {
      title: 'O1 rules have numbers',
      at: numbered('7'),
      beyond: numbered(''),
      names: '`RuleNumber` is missing',
    },
    {
      title: 'O1 numbers begin at 1',
      at: numbered('1'),
      beyond: numbered('0'),
      names: '`RuleNumber`: expected 1 or more',
    },
    {
      title: 'O1 numbers increase',
      at: numbered('1', '3', '10'),
      beyond: numbered('1', '10', '3'),
      names: 'RoutingRules.RoutingRule[2].RuleNumber: 3 stands behind 10',
    },
    {
      title: 'O1 numbers stand once',
      at: numbered('1', '2'),
      beyond: numbered('2', '2'),
      names: '`RuleNumber`: 2 stands twice',
    },
    {
      title: 'O2 a rule is Mirror, External, AliCDN or Internal',
      at: external(),
      beyond: website(routing(element('RedirectType', 'Teleport'), NOT_FOUND)),
      names: '`RedirectType`: expected Mirror, External, AliCDN or Internal',
    },
    {
      title: 'a website names a page or a rule',
      at: element('WebsiteConfiguration', '<IndexDocument><Suffix>a</Suffix></IndexDocument>'),
      beyond: '<WebsiteConfiguration/>',
      names: 'expected one of `IndexDocument`, `ErrorDocument` and `RoutingRules`',
    },
  ]);
});

describe('a PUT of OSS: mirror rules', () => {
  holdsLimits('oss', [
    {
      title: 'O3 a mirror rule is for 404 only',
      at: mirror(),
      beyond: mirror().replace('404', '403'),
      names: 'OSS mirrors on 404 only',
    },
    {
      title: 'O3 a mirror rule says that it is for 404',
      at: mirror(),
      beyond: mirror().replace(NOT_FOUND, ''),
      names: '`HttpErrorCodeReturnedEquals`',
    },
    {
      title: 'O4 the origin is mandatory',
      at: mirror(),
      beyond: mirror('', ''),
      names: '`MirrorURL` is missing',
    },
    {
      title: 'O4 the origin begins with http:// or https://',
      at: mirror('', element('MirrorURL', 'https://o.example/')),
      beyond: mirror('', element('MirrorURL', 'o.example/')),
      names: 'MirrorURL: the address has no scheme',
    },
    {
      title: 'O4 the origin ends with /',
      at: mirror('', element('MirrorURL', 'https://o.example/dir1/')),
      beyond: mirror('', element('MirrorURL', 'https://o.example/dir1')),
      names: 'MirrorURL: an origin must end with /',
    },
    {
      title: 'a slave needs a probe',
      at: mirror(
        element('MirrorURLSlave', 'http://s.example/') +
          element('MirrorURLProbe', 'http://o.example/ok'),
      ),
      beyond: mirror(element('MirrorURLSlave', 'http://s.example/')),
      names: '`MirrorURLSlave` needs `MirrorURLProbe`',
    },
    {
      title: 'further origins are numbered from 1',
      at: alternate('1'),
      beyond: alternate('0'),
      names: 'MirrorMultiAlternateNumber: expected a number from 1 to 10000, got 0',
    },
    {
      title: 'further origins are numbered up to 10000',
      at: alternate('10000'),
      beyond: alternate('10001'),
      names: 'MirrorMultiAlternateNumber: expected a number from 1 to 10000, got 10001',
    },
    {
      title: 'one of ReplaceKeyWith and ReplaceKeyPrefixWith is given',
      at: mirror(element('ReplaceKeyPrefixWith', 'a/')),
      beyond: mirror(element('ReplaceKeyWith', 'a/${key}') + element('ReplaceKeyPrefixWith', 'a/')),
      names: '`ReplaceKeyWith` and `ReplaceKeyPrefixWith` contradict each other',
    },
    ...['Pass', 'Remove'].flatMap((list) => [
      {
        title: `at most ten headers stand in ${list}`,
        at: headers(...names(10).map((name) => element(list, name))),
        beyond: headers(...names(11).map((name) => element(list, name))),
        names: `MirrorHeaders: \`${list}\` stands 11 times`,
      },
      {
        title: `a name in ${list} has letters, digits and - only`,
        at: headers(element(list, 'X-a9')),
        beyond: headers(element(list, 'x_a')),
        names: `MirrorHeaders.${list}: the name of a header`,
      },
    ]),
    {
      title: 'at most ten headers are set',
      at: headers(...names(10).map((name) => set(name, 'v'))),
      beyond: headers(...names(11).map((name) => set(name, 'v'))),
      names: 'MirrorHeaders: `Set` stands 11 times',
    },
    {
      title: 'the value of a header has at most 1024 bytes',
      at: headers(set('x-a', 'v'.repeat(1024))),
      beyond: headers(set('x-a', 'é'.repeat(513))),
      names: 'MirrorHeaders.Set.Value: has 1026 bytes; OSS allows 1024',
    },
    {
      title: 'the value of a header is one line',
      at: headers(set('x-a', 'one line')),
      beyond: headers(set('x-a', 'two&#10;lines')),
      names: 'MirrorHeaders.Set.Value: holds what no header can carry',
    },
  ]);
});

describe('a PUT of OSS: redirects', () => {
  holdsLimits('oss', [
    {
      title: 'O17 a redirect answers with a status from 300 to 399',
      at: external(element('HttpRedirectCode', '302')),
      beyond: external(element('HttpRedirectCode', '200')),
      names: 'HttpRedirectCode: expected a status from 300 to 399',
    },
    {
      title: 'O18 a redirect is for a status from 400 to 599',
      at: external('', element('HttpErrorCodeReturnedEquals', '599')),
      beyond: external('', element('HttpErrorCodeReturnedEquals', '600')),
      names: 'HttpErrorCodeReturnedEquals: expected a status from 400 to 599',
    },
    {
      title: 'at most ten conditions are on headers',
      at: external('', NOT_FOUND + includes(10)),
      beyond: external('', NOT_FOUND + includes(11)),
      names: 'Condition: `IncludeHeader` stands 11 times',
    },
    {
      title: 'an internal rule names no host',
      at: website(
        routing(element('RedirectType', 'Internal') + element('ReplaceKeyWith', 'x'), NOT_FOUND),
      ),
      beyond: website(
        routing(
          element('RedirectType', 'Internal') +
            element('ReplaceKeyWith', 'x') +
            element('HostName', 'h.example'),
          NOT_FOUND,
        ),
      ),
      names: '`RedirectType` Internal and `HostName` contradict each other',
    },
  ]);
});

describe('a PUT of OSS', () => {
  test('a website without rules brings none into force', () => {
    const page = element('IndexDocument', element('Suffix', 'index.html'));
    expect(rulesPut('oss', element('WebsiteConfiguration', page))).toEqual([]);
  });

  test('keys of a private origin stay out of the rules and of every message', () => {
    const auth = [
      element('AuthType', 'S3V4'),
      element('Region', 'cn-north-1'),
      element('AccessKeyId', 'AKCANARY'),
      element('AccessKeySecret', 'canary-secret'),
    ].join('');
    const url = element('MirrorURL', 'https://bucket.s3.cn-north-1.example.com/');
    const put = putRules('oss', mirror(element('MirrorAuth', auth), url));
    expect(JSON.stringify(put)).not.toMatch(/canary/i);
    expect(put).toMatchObject({
      accepted: true,
      rules: [{ origins: { masters: [{ s3: { credentials: { env: 'OSS_1_ORIGIN' } } }] } }],
    });
    const line = refusalOf('oss', mirror(element('MirrorAuth', auth) + '<RuleNumber/>', ''));
    expect(line).not.toMatch(/canary/i);
  });
});

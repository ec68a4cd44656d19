import { originUrlProblem } from '../origin-url-problem.ts';
import type { Fields } from './draft-rule.ts';
import { Noted } from './draft-rule.ts';
import { templateFields } from './key-fields.ts';
import type { VendorSource } from './vendor-source.ts';

/** Statuses that a rules file's redirect can answer with. */
const REDIRECT_STATUSES: readonly number[] = [301, 302, 303, 307, 308];

/** The rules of a website configuration: XML elements, or the JSON that command lines print. */
export function routingRules(root: VendorSource): readonly VendorSource[] {
  if (root.notes.format === 'json') return root.all('RoutingRules');
  return root.field('RoutingRules')?.all('RoutingRule') ?? [];
}

/**
 * `match` of a redirect or rewrite: by the bucket's answer, or, where no status is named, before
 * the bucket is asked.
 */
export function redirectMatch(condition: VendorSource | undefined): Fields {
  const status = errorStatus(condition);
  return {
    keyPrefix: condition?.filled('KeyPrefixEquals'),
    statuses:
      status === undefined
        ? new Noted('any', 'no status is named: also where the object exists')
        : [status],
  };
}

function errorStatus(condition: VendorSource | undefined): number | undefined {
  const code = condition?.field('HttpErrorCodeReturnedEquals');
  if (code === undefined || code.text().trim() === '') return undefined;
  const status = code.whole();
  if (status >= 400 && status <= 599) return status;
  throw code.problem('expected a status from 400 to 599');
}

/**
 * `key` of a redirect: `ReplaceKeyWith` or `ReplaceKeyPrefixWith`.
 * @throws FatalError `usage` where both say something.
 */
export function replacedKey(redirect: VendorSource, replacesPrefix: boolean): Fields | undefined {
  const whole = redirect.field('ReplaceKeyWith');
  const prefix = redirect.field('ReplaceKeyPrefixWith');
  const prefixText = prefix?.text();
  const isWhole = whole !== undefined && whole.text() !== '';
  if (isWhole && prefixText !== undefined && prefixText !== '') {
    throw redirect.problem(
      '`ReplaceKeyWith` and `ReplaceKeyPrefixWith` contradict each other; keep one',
    );
  }
  if (isWhole) return templateFields(whole, true);
  return replacesPrefix && prefixText !== undefined ? { replacePrefix: prefixText } : undefined;
}

/** The status of a redirect; others than those that can be sent become 302, with a warning. */
export function redirectStatus(redirect: VendorSource, standard: number): number | Noted {
  const source = redirect.field('HttpRedirectCode');
  if (source === undefined || source.text().trim() === '') {
    return new Noted(standard, "the vendor's default");
  }
  const status = source.whole();
  if (REDIRECT_STATUSES.includes(status)) return status;
  if (status < 300 || status > 399) throw source.problem('expected a status from 300 to 399');
  source.warn(`${status} is no redirect that bucketfill sends; 302 is taken`);
  return 302;
}

/** The address of a redirect: `Protocol` and `HostName`; undefined where the host stays. */
export function redirectTarget(redirect: VendorSource): string | undefined {
  const protocol = protocolOf(redirect);
  const host = redirect.field('HostName');
  const name = host?.text().trim() ?? '';
  if (host === undefined || name === '') return undefined;
  if (!/^[A-Za-z0-9.:[\]_-]+$/.test(name)) {
    throw host.problem('expected a host name, without scheme and path');
  }
  if (protocol === '') host.warn("no Protocol is given, where the client's stays; https is taken");
  const url = `${protocol === '' ? 'https' : protocol}://${name}/`;
  const problem = originUrlProblem(url, 'file');
  if (problem !== undefined) throw host.problem(problem);
  return url;
}

function protocolOf(redirect: VendorSource): string {
  const source = redirect.field('Protocol');
  if (source === undefined) return '';
  const protocol = source.text().trim().toLowerCase();
  if (['', 'http', 'https'].includes(protocol)) return protocol;
  throw source.problem('expected http or https');
}

/**
 * What a redirect to the bucket's own host becomes: the other key is answered directly, or nothing
 * changes where only the scheme would.
 */
export function ownHostRedirect(redirect: VendorSource, key: Fields | undefined): Fields {
  redirect.drop('HttpRedirectCode', 'the other key is answered without a redirect');
  if (key !== undefined) {
    redirect.warn('no HostName: the other key of this bucket is answered, not redirected to');
    return { action: 'rewrite', key };
  }
  redirect.warn('names neither another host nor another key; the rule does nothing here');
  return { action: 'off' };
}

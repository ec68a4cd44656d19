import { isUtf8 } from 'node:buffer';

import { targetUrl } from '../http/target-url.ts';
import { declaredEntry } from './declared-entry.ts';
import { keyless, type ListFormat, lineEnd, withoutLineEnd } from './list-format.ts';

const NO_URL = 'has no absolute http or https URL in its first field';

/**
 * Lines of a list for Google's Storage Transfer Service behind its first one: URL, size, base64
 * MD5, the last two as far as they are known. The key is `host/path` of the URL, without port and
 * query, its path as it is written (Storage Transfer Service, "Create a URL list").
 */
export const GCS_TSV_FORMAT: ListFormat = {
  recordEnd: lineEnd,
  entry: (record, at) => {
    if (at === 0) return undefined;
    const line = withoutLineEnd(record);
    if (line.length === 0) return undefined;
    if (!isUtf8(line)) return keyless('is not UTF-8', at);
    const [url = '', size, md5, ...rest] = line.toString('utf8').split('\t');
    if (rest.length > 0) return keyless('has more than URL, size and MD5', at);
    const target = targetUrl(url);
    if (target === undefined) return keyless(NO_URL, at);
    const key = `${target.hostname}${target.path.replace(/\?.*$/s, '')}`;
    return declaredEntry(key, { url, size, md5 }, at);
  },
};

/** Lines `URL<TAB>key`, as Qiniu's qfetch reads them; the key is everything behind the first tab. */
export const URL_KEY_FORMAT: ListFormat = {
  recordEnd: lineEnd,
  entry: (record, at) => {
    const line = withoutLineEnd(record);
    if (line.length === 0) return undefined;
    const tab = line.indexOf('\t');
    if (tab < 0) return keyless('has no tab between URL and key', at);
    const key = line.subarray(tab + 1);
    if (!isUtf8(key)) {
      const reason = `the key is not UTF-8 (byte ${at} of the list)`;
      return { invalid: { keyBase64: key.toString('base64') }, reason };
    }
    const url = line.subarray(0, tab);
    // An empty URL would say that none is declared.
    if (url.length === 0 || !isUtf8(url)) return keyless(NO_URL, at);
    return declaredEntry(key.toString('utf8'), { url: url.toString('utf8') }, at);
  },
};

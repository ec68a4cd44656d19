import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FAILURE_CODES } from '../../../src/model/failure.ts';
import { csvFormat } from '../../../src/report/run-report/csv-format.ts';
import { gcsFormat } from '../../../src/report/run-report/gcs-format.ts';
import { jsonLinesFormat } from '../../../src/report/run-report/json-lines-format.ts';
import type { LineSubject } from '../../../src/report/run-report/line-format.ts';
import { s3BatchFormat } from '../../../src/report/run-report/s3-batch-format.ts';
import { separated } from '../../../src/report/run-report/separated.ts';
import { copied, failed, skipped, stored, type Told } from './made-job.ts';

const T = '2026-11-20T04:00:00.000Z';
const NOT_UTF8 = Buffer.from('a\xff/b c', 'latin1').toString('base64');
const INTO_S3: LineSubject = { job: 'j', bucket: { kind: 's3', name: 'media' }, prefix: 'p q/' };
const INTO_FILES: LineSubject = { job: 'j', bucket: { kind: 'file', name: './b' }, prefix: '' };

const gone: Told = failed('gone', {
  code: 'ORIGIN_NOT_FOUND',
  status: 404,
  message: 'GET x: answered 404, "no"\nnext',
});
const bare: Told = {
  ...{ keyBase64: NOT_UTF8, outcome: 'failed', rule: null, code: 'KEY_INVALID' },
  ...{ message: 'the key is not UTF-8', attempts: 0 },
};

/** Fields of one line of CSV or TSV, by RFC 4180, as somebody else would read it. */
function parsed(line: string, separator: string): string[] {
  const fields: string[] = [];
  let rest = line;
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"/.exec(rest);
    const [raw = '', inner] = quoted ?? new RegExp(`^[^${separator}]*`).exec(rest) ?? [];
    fields.push(inner === undefined ? raw : inner.replaceAll('""', '"'));
    rest = rest.slice(raw.length);
    if (rest === '') return fields;
    rest = rest.slice(1);
  }
}

describe('JSON Lines', () => {
  test('are the outcomes as they were told, with their time, and without their place', () => {
    const { head, line } = jsonLinesFormat;
    expect(head).toBe('');
    expect(line(stored(skipped('a "q"\n')))).toBe(
      `{"time":"${T}","key":"a \\"q\\"\\n","outcome":"skipped","rule":"all","reason":"exists"}\n`,
    );
    expect(JSON.parse(line(stored(bare)))).toEqual({ time: T, ...bare });
    expect(JSON.parse(line(stored(copied('k'))))).toEqual({ time: T, ...copied('k') });
  });
});

describe('CSV', () => {
  const { head, line } = csvFormat;

  test('has a line of names, and each outcome in those columns', () => {
    expect(head).toBe(
      'time,key,keyBase64,outcome,rule,reason,bytes,origin,attempts,bucketEtag,lengthVerified,class,code,status,requestId,elapsedMs,message\r\n',
    );
    expect(line(stored(copied('a.txt')))).toBe(
      `${T},a.txt,,copied,all,,1000,https://o1.example/,1,"""e""",true,,,,,20,\r\n`,
    );
    expect(line(stored(skipped('b')))).toBe(`${T},b,,skipped,all,exists,,,,,,,,,,,\r\n`);
    expect(line(stored(gone))).toBe(
      `${T},gone,,failed,all,,,https://o2.example/,3,,,origin missing,ORIGIN_NOT_FOUND,404,4f2c-FRA,900,"GET x: answered 404, ""no""\nnext"\r\n`,
    );
    expect(line(stored({ key: 'd', outcome: 'deleted', rule: 'r' }))).toBe(
      `${T},d,,deleted,r,,,,,,,,,,,,\r\n`,
    );
  });

  test('gives a key that is not UTF-8 as its bytes', () => {
    expect(line(stored(bare))).toBe(
      `${T},,${NOT_UTF8},failed,,,,,0,,,key or metadata,KEY_INVALID,,,,the key is not UTF-8\r\n`,
    );
  });

  test.each(['=HYPERLINK("http://x")', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])(
    'gives the key %j, which a spreadsheet would take for a formula, as its bytes, unchanged',
    (key) => {
      const [, shown, base64 = ''] = parsed(line(stored(skipped(key))).slice(0, -2), ',');
      expect(shown).toBe('');
      expect(Buffer.from(base64, 'base64').toString()).toBe(key);
    },
  );

  test('puts a quote before other texts that would be formulas', () => {
    const cells = parsed(
      line(stored(failed('k', { message: '=cmd()', requestId: '@id', origin: '-x' }))).slice(0, -2),
      ',',
    );
    expect([cells[7], cells[14], cells[16]]).toEqual(["'-x", "'@id", "'=cmd()"]);
  });

  test('keeps every key through a reader of CSV, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (key) => {
        const [, shown, base64 = ''] = parsed(line(stored(skipped(key))).slice(0, -2), ',');
        expect(shown === '' ? Buffer.from(base64, 'base64').toString() : shown).toBe(key);
      }),
    );
  });
});

describe('a report as of S3 Batch Operations', () => {
  const { head, line } = s3BatchFormat(INTO_S3);

  test('has seven columns and no names, status before error code', () => {
    expect(head).toBe('');
    expect(line(stored(copied('a.txt')))).toBe('media,p%20q/a.txt,,succeeded,200,,copied\r\n');
    expect(line(stored(skipped('b')))).toBe('media,p%20q/b,,succeeded,200,,skipped: exists\r\n');
    expect(line(stored(gone))).toBe(
      'media,p%20q/gone,,failed,404,ORIGIN_NOT_FOUND,"GET x: answered 404, ""no""\nnext"\r\n',
    );
  });

  test('percent-encodes keys byte for byte and leaves their slashes', () => {
    const keyOf = (told: Told): string | undefined =>
      parsed(s3BatchFormat(INTO_FILES).line(stored(told)), ',')[1];
    expect(keyOf(skipped('a,b\n"c"/ü+%2F\'(*)!~'))).toBe(
      'a%2Cb%0A%22c%22/%C3%BC%2B%252F%27%28%2A%29%21~',
    );
    expect(keyOf(bare)).toBe('a%FF/b%20c');
    expect(keyOf(skipped('half \ud800'))).toBe('half%20%EF%BF%BD');
  });

  test('leaves the status of a failure without one empty', () => {
    expect(line(stored(bare))).toBe(
      'media,p%20q/a%FF/b%20c,,failed,,KEY_INVALID,the key is not UTF-8\r\n',
    );
  });
});

describe("a report as Google's transfer logs", () => {
  const { head, line } = gcsFormat(INTO_S3);
  const names = head.trimEnd().split('\t');
  const fieldsOf = (told: Told, format = gcsFormat(INTO_S3)): Record<string, string> => {
    const values = parsed(format.line(stored(told)).slice(0, -1), '\t');
    expect(values).toHaveLength(names.length);
    return Object.fromEntries(values.map((value, at) => [names[at] ?? '', value]));
  };

  test('names its columns first', () => {
    expect(head).toBe(
      'Timestamp\tOperationName\tAction\tActionStatus\tFailureDetails.ErrorType\tFailureDetails.GrpcCode\tFailureDetails.Message\tSrc.Type\tSrc.File.Path\tSrc.File.LastModified\tSrc.File.Size\tSrc.File.Crc32C\tDst.Type\tDst.Gcs.BucketName\tDst.Gcs.ObjectName\tDst.Gcs.LastModified\tDst.Gcs.Size\tDst.Gcs.Crc32C\tDst.Gcs.Md5\n',
    );
    expect(line(stored(copied('a.txt')))).toBe(
      `${T}\ttransferOperations/j\tTRANSFER\tSUCCEEDED\t\t\t\tHTTP\ta.txt\t\t1000\t\tS3\tmedia\tp q/a.txt\t\t1000\t\t\n`,
    );
  });

  test('says what failed and why', () => {
    expect(fieldsOf(gone)).toMatchObject({
      ActionStatus: 'FAILED',
      'FailureDetails.ErrorType': 'ORIGIN_NOT_FOUND',
      'FailureDetails.GrpcCode': 'NOT_FOUND',
      'FailureDetails.Message': 'GET x: answered 404, "no"\nnext',
    });
    expect(fieldsOf(bare)).toMatchObject({ 'Src.File.Path': `base64:${NOT_UTF8}`, 'Src.Type': '' });
  });

  test.each([
    [copied('k', { origin: 's3://old/' }), { 'Src.Type': 'S3', ActionStatus: 'SUCCEEDED' }],
    [skipped('k'), { Action: 'TRANSFER', ActionStatus: 'SKIPPED' }],
    [{ key: 'k', outcome: 'planned', rule: 'r' } as const, { ActionStatus: 'SKIPPED' }],
    [
      { key: 'k', outcome: 'deleted', rule: 'r' } as const,
      { Action: 'DELETE', ActionStatus: 'SUCCEEDED' },
    ],
  ])('has words for %j', (told, expected) => {
    expect(fieldsOf(told)).toMatchObject(expected);
  });

  test.each(FAILURE_CODES)('has a code of its own kind for %s', (code) => {
    expect(fieldsOf(failed('k', { code }))['FailureDetails.GrpcCode']).toMatch(/^[A-Z_]+$/);
  });

  test('keeps tabs, quotes and line breaks of a key in their field', () => {
    const key = 'a\tb"c"\r\nd';
    expect(fieldsOf(skipped(key), gcsFormat(INTO_FILES))).toMatchObject({
      'Dst.Gcs.ObjectName': key,
      'Dst.Type': 'DIRECTORY',
      'Dst.Gcs.BucketName': './b',
    });
  });
});

test('separated fields are quoted only where they must be', () => {
  expect(separated(['a b', 'c,d', 'e"f', 'g\rh', ''], ',')).toBe('a b,"c,d","e""f","g\rh",');
  expect(separated(['a,b', 'c\td'], '\t')).toBe('a,b\t"c\td"');
});

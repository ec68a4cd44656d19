import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { parseRules } from '../../../src/rules/parse-rules.ts';
import { importRules } from '../../../src/rules/vendors/import-rules.ts';
import { VENDORS } from '../../../src/rules/vendors/vendors.ts';

const SAMPLES = new URL('../../../samples/vendors/', import.meta.url);
const FILES = readdirSync(SAMPLES).filter((name) => !name.endsWith('.yaml'));

function read(name: string): string {
  return readFileSync(new URL(name, SAMPLES), 'utf8');
}

describe('the vendor samples', () => {
  it('there is one for each vendor that import knows', () => {
    const vendors = FILES.map((name) => name.replace(/\.(xml|json)$/, ''));
    expect(vendors.toSorted()).toEqual([...VENDORS.keys()].toSorted());
  });

  // A sample that is to change: UPDATE_SAMPLES=1 writes what import makes of it now.
  it.each(FILES)('%s becomes the YAML beside it', (name) => {
    const vendor = name.replace(/\.(xml|json)$/, '');
    const { yaml } = importRules({ vendor, text: read(name), file: name, bucketUrl: undefined });
    if (process.env['UPDATE_SAMPLES'] === '1') {
      writeFileSync(new URL(`${vendor}.yaml`, SAMPLES), yaml);
    }
    expect(read(`${vendor}.yaml`)).toBe(yaml);
  });

  it('what was dropped beside the rules is told in the head of the file', () => {
    const [head = ''] = read('oss.yaml').split('version: 1');
    expect(head).toContain('# NOTE IndexDocument: dropped: ');
    expect(read('oss.yaml').match(/NOTE ErrorDocument: /g)).toHaveLength(1);
    expect(read('obs.yaml').split('version: 1')[0]).not.toContain('NOTE rules');
  });

  it.each(FILES)('check accepts what %s becomes, and no secret of it is left', (name) => {
    const yaml = read(name.replace(/(xml|json)$/, 'yaml'));
    const errors = parseRules(yaml, name).problems.filter(({ severity }) => severity === 'error');
    expect(errors).toEqual([]);
    expect(yaml).not.toMatch(/AKIDEXAMPLE|R2KEYEXAMPLE|not-a-real-secret/);
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ReloadableRules, type ReloadSettings } from '../../src/cli/rules-in-force.ts';
import { FatalError } from '../../src/model/failure.ts';
import type { Rules } from '../../src/model/rule.ts';
import type { VendorDocument, VendorDocuments } from '../../src/model/vendor-documents.ts';
import { HEAD, rulesOf } from '../rules/rules-of.ts';
import { memoryVendorDocuments } from '../support/memory-vendor-documents.ts';

const FILE = "rules: [{ id: all, action: 'off' }]";
const mirrorOf = (host: string): string => JSON.stringify({ source_site: `http://${host}/` });
const QINGSTOR: VendorDocument = { vendor: 'qingstor', text: mirrorOf('q.example') };
const UNUSABLE = new FatalError('state-unusable', 'the disk is full');

let folder: string;
let warnings: string[];
/** The ids of what is closed of everything that was opened. */
let closed: string[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-rules-'));
  await writeFile(path.join(folder, 'rules.yaml'), `${HEAD}${FILE}`);
  [warnings, closed] = [[], []];
});
afterEach(async () => rm(folder, { recursive: true }));

async function reloadable(
  documents: VendorDocuments,
  changed: Partial<ReloadSettings> = {},
): Promise<ReloadableRules> {
  const open = (rules: Rules) => {
    const ids = rules.rules.map(({ id }) => id).join();
    const close = () => {
      closed.push(ids);
      return Promise.resolve();
    };
    const inForce = { rules: rules.rules, sources: new Map(), redirectBases: new Map() };
    return Promise.resolve({ rules, inForce, close });
  };
  const settings: ReloadSettings = {
    rulesFile: 'rules.yaml',
    cwd: folder,
    documents,
    open,
    allowPrivate: false,
    settled: () => Promise.resolve(),
    warn: (line) => warnings.push(line),
    onTrouble: () => undefined,
    ...changed,
  };
  return ReloadableRules.open(settings, rulesOf(FILE));
}

const idsOf = (rules: ReloadableRules): string[] => rules.inForce().rules.map(({ id }) => id);

describe('rules in force', () => {
  test('stay as they were where a PUT can not be written down, and its origins are closed', async () => {
    const documents = { ...memoryVendorDocuments(), put: () => Promise.reject(UNUSABLE) };
    const rules = await reloadable(documents);
    await expect(rules.put('qingstor', QINGSTOR.text)).rejects.toBe(UNUSABLE);
    expect(idsOf(rules)).toEqual(['all']);
    expect(rules.document('qingstor')).toBeUndefined();
    expect(closed).toEqual(['qingstor,all']);
  });

  test('stay as they were where a DELETE can not be written down', async () => {
    const documents = memoryVendorDocuments([QINGSTOR]);
    const rules = await reloadable({ ...documents, remove: () => Promise.reject(UNUSABLE) });
    await expect(rules.remove('qingstor')).rejects.toBe(UNUSABLE);
    expect(idsOf(rules)).toEqual(['qingstor', 'all']);
    expect(rules.document('qingstor')).toBe(QINGSTOR.text);
  });

  test('are those of a PUT only once it is written down', async () => {
    const documents = memoryVendorDocuments();
    const seen: string[][] = [];
    const rules: ReloadableRules = await reloadable({
      ...documents,
      put: async (document) => {
        seen.push(idsOf(rules));
        await documents.put(document);
      },
    });
    expect(await rules.put('qingstor', QINGSTOR.text)).toEqual({ outcome: 'stored' });
    expect([seen, idsOf(rules)]).toEqual([[['all']], ['qingstor', 'all']]);
    expect(await documents.all()).toEqual([QINGSTOR]);
  });

  test('are not written down where their origins can not be opened', async () => {
    const documents = memoryVendorDocuments();
    const refusal = new FatalError('usage', 'rule qingstor, origins.masters[0]: no such variable');
    let refuses = false;
    const first = await reloadable(documents, {
      open: async (rules) => {
        if (refuses) throw refusal;
        const inForce = { rules: rules.rules, sources: new Map(), redirectBases: new Map() };
        return Promise.resolve({ rules, inForce, close: () => Promise.resolve() });
      },
    });
    refuses = true;
    const put = await first.put('qingstor', QINGSTOR.text);
    expect(put).toEqual({ outcome: 'refused', problem: 'invalid', message: refusal.message });
    expect(await documents.all()).toEqual([]);
    expect(idsOf(first)).toEqual(['all']);
  });

  test('are not closed before who works by them is done', async () => {
    let settle = (): void => undefined;
    const settled = new Promise<void>((resolve) => (settle = resolve));
    const rules = await reloadable(memoryVendorDocuments(), { settled: () => settled });
    await rules.put('qingstor', QINGSTOR.text);
    expect(closed).toEqual([]);
    const ended = rules.close();
    settle();
    await ended;
    expect(closed).toEqual(['all', 'qingstor,all']);
  });

  test('change one after the other, in the order of the calls', async () => {
    const documents = memoryVendorDocuments();
    const rules = await reloadable(documents);
    const hosts = ['a.example', 'b.example', 'c.example'];
    const puts = hosts.map((host) => rules.put('qingstor', mirrorOf(host)));
    const reload = rules.reload();
    const removed = rules.remove('qingstor');
    const again = rules.put('bos', '{"bucketMirroringConfiguration":[{"mode":"fetch"}]}');
    expect(await Promise.all(puts)).toEqual(hosts.map(() => ({ outcome: 'stored' })));
    expect(await reload).toEqual({ ok: true, rules: 2 });
    await removed;
    expect(await again).toMatchObject({ outcome: 'refused', problem: 'invalid' });
    expect(idsOf(rules)).toEqual(['all']);
    expect(await documents.all()).toEqual([]);
  });

  test('tell what of a PUT is dropped or doubtful', async () => {
    const rules = await reloadable(memoryVendorDocuments());
    await rules.put('qingstor', '{"source_site":"http://q.example/a","colour":"red"}');
    expect(warnings.join('\n')).toMatch(/^the rules from qingstor: .*colour/m);
  });

  test('come from what other processes on the bucket were PUT, at the next reload', async () => {
    const documents = memoryVendorDocuments();
    const rules = await reloadable(documents);
    await documents.put(QINGSTOR);
    expect(idsOf(rules)).toEqual(['all']);
    expect(await rules.reload()).toEqual({ ok: true, rules: 2 });
    expect(idsOf(rules)).toEqual(['qingstor', 'all']);
    expect(rules.sourceOf('qingstor')).toBe('qingstor');
    expect(rules.sourceOf('all')).toBe('file');
  });

  test('leave out a document that this program can not read, and keep it', async () => {
    const odd: VendorDocument = { vendor: 'obs', text: 'no JSON' };
    const rules = await reloadable(memoryVendorDocuments([odd, QINGSTOR]));
    expect(idsOf(rules)).toEqual(['qingstor', 'all']);
    expect(warnings).toEqual([
      expect.stringMatching(/^the rules from obs are kept and not in force: /),
    ]);
    expect(rules.document('obs')).toBe('no JSON');
    await rules.remove('obs');
    expect(rules.document('obs')).toBeUndefined();
  });
});

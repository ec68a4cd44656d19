import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VendorDocument, VendorDocuments } from '../../src/model/vendor-documents.ts';

/** One process's end of a store. */
export interface VendorDocumentsEnd {
  readonly vendorDocuments: VendorDocuments;
  close(): Promise<void>;
}

/** A store that nothing was put in. */
export interface VendorDocumentsPlace {
  open(): Promise<VendorDocumentsEnd>;
  remove(): Promise<void>;
}

const OBS: VendorDocument = { vendor: 'obs', text: '{"rules":[]}' };
const OSS: VendorDocument = { vendor: 'oss', text: '<WebsiteConfiguration/>' };
const BOS: VendorDocument = { vendor: 'bos', text: '{"bucketMirroringConfiguration":[]}' };

/** What every VendorDocuments does, whatever it is made of. */
export function vendorDocumentsContract(
  name: string,
  place: () => Promise<VendorDocumentsPlace>,
): void {
  describe(`vendors' configurations (${name})`, () => {
    let store: VendorDocumentsPlace;
    let ends: VendorDocumentsEnd[];
    let documents: VendorDocuments;
    const open = async (): Promise<VendorDocumentsEnd> => {
      const end = await store.open();
      ends.push(end);
      return end;
    };
    beforeEach(async () => {
      store = await place();
      ends = [];
      documents = (await open()).vendorDocuments;
    });
    afterEach(async () => {
      await Promise.all(ends.map(async (end) => end.close()));
      await store.remove();
    });

    it('are none before one is put, and removing what is not there is nothing', async () => {
      expect(await documents.all()).toEqual([]);
      await documents.remove('obs');
      expect(await documents.all()).toEqual([]);
    });

    it('come back as they were put, whatever they say', async () => {
      const texts = ['', '\uFEFF{ }\r\n', 'a\u0000b', 'ü 😀 "\\', 'e\u0301', 'x'.repeat(1_000_000)];
      for (const text of texts) {
        await documents.put({ vendor: 'obs', text });
        expect(await documents.all()).toEqual([{ vendor: 'obs', text }]);
      }
    });

    it('come the last put first, and putting one anew makes it the last', async () => {
      for (const document of [OSS, OBS, BOS]) await documents.put(document);
      expect(await documents.all()).toEqual([BOS, OBS, OSS]);
      const changed = { vendor: 'oss', text: '<other/>' } as const;
      await documents.put(changed);
      expect(await documents.all()).toEqual([changed, BOS, OBS]);
      await documents.put(OBS);
      expect(await documents.all()).toEqual([OBS, changed, BOS]);
    });

    it('end when they are removed, and the order of the others stays', async () => {
      for (const document of [OSS, OBS, BOS]) await documents.put(document);
      await documents.remove('obs');
      expect(await documents.all()).toEqual([BOS, OSS]);
      await documents.remove('bos');
      await documents.put(OBS);
      expect(await documents.all()).toEqual([OBS, OSS]);
    });

    it('are the same for all who have the store open, and when it is opened again', async () => {
      const other = await open();
      await documents.put(OSS);
      await other.vendorDocuments.put(OBS);
      expect(await documents.all()).toEqual([OBS, OSS]);
      await Promise.all(ends.map(async (end) => end.close()));
      ends = [];
      documents = (await open()).vendorDocuments;
      expect(await documents.all()).toEqual([OBS, OSS]);
      await documents.put(BOS);
      expect(await documents.all()).toEqual([BOS, OBS, OSS]);
    });

    it('are put and removed in the order in which calls are made', async () => {
      await Promise.all([documents.put(OSS), documents.put(OBS), documents.remove('oss')]);
      await Promise.all([documents.put(BOS), documents.put(OSS), documents.remove('bos')]);
      expect(await documents.all()).toEqual([OSS, OBS]);
    });
  });
}

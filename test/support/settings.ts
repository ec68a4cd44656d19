import type { StoreSettings } from '../../src/model/rule.ts';

const STORE_DEFAULTS: StoreSettings = {
  requireLength: false,
  unknownLength: 'confirm',
  headers: [
    'content-type',
    'content-encoding',
    'content-disposition',
    'cache-control',
    'expires',
    'content-language',
    'access-control-allow-origin',
  ],
  userMetadata: true,
  metadataFrom: [],
  originValidators: true,
  storageClass: undefined,
  tags: [],
  contentType: { guess: 'never', override: [] },
  private: 'auto',
  variants: 'plain',
  reject: { empty: false, htmlForMedia: false, maxSizeBytes: 5 * 1024 ** 4 },
  rangeMiss: 'serveAndFetch',
  multipart: { thresholdBytes: 16 * 1024 ** 2, partSizeBytes: 16 * 1024 ** 2, concurrency: 4 },
};

/** The defaults of `store` with some fields set otherwise. */
export function storeSettings(changed: Partial<StoreSettings>): StoreSettings {
  return { ...STORE_DEFAULTS, ...changed };
}

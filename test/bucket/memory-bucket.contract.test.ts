import { bucketPartsContract } from '../contract/bucket-parts-contract.ts';
import { memoryBucket } from '../support/memory-bucket.ts';

bucketPartsContract('the memory bucket', () =>
  Promise.resolve({ bucket: memoryBucket(), destroy: () => Promise.resolve() }),
);

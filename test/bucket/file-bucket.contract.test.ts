import { join } from 'node:path';

import { bucketContract } from '../contract/bucket-contract.ts';
import { bucketAt, freshFolder } from './directory-under-test.ts';

async function make(namesFold: boolean) {
  const { folder, destroy } = await freshFolder();
  const change = namesFold ? { namesFold } : {};
  return { bucket: await bucketAt(join(folder, 'b'), change), destroy };
}

bucketContract('the directory bucket', () => make(false));
bucketContract('the directory bucket on a file system that folds names', () => make(true));

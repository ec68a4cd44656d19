import { join } from 'node:path';

import { bucketContract } from '../contract/bucket-contract.ts';
import { objectRemoverContract } from '../contract/object-remover-contract.ts';
import { bucketAt, freshFolder } from './directory-under-test.ts';

async function make(namesFold: boolean) {
  const { folder, destroy } = await freshFolder();
  const change = namesFold ? { namesFold } : {};
  return { bucket: await bucketAt(join(folder, 'b'), change), destroy };
}

bucketContract('the directory bucket', () => make(false));
bucketContract('the directory bucket on a file system that folds names', () => make(true));
objectRemoverContract('the directory bucket', () => make(false));
objectRemoverContract('the directory bucket on a file system that folds names', () => make(true));

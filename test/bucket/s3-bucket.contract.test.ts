import { MAX_KEY_BYTES, utf8Length } from '../../src/model/object-key.ts';
import { bucketContract } from '../contract/bucket-contract.ts';
import { objectRemoverContract } from '../contract/object-remover-contract.ts';
import { s3UnderTest } from './s3-under-test.ts';

bucketContract('the S3 bucket', () => s3UnderTest());
objectRemoverContract('the S3 bucket', () => s3UnderTest());
const PREFIX = 'some/prefix/';
objectRemoverContract(
  'the S3 bucket under a prefix',
  () => s3UnderTest({ bucket: { prefix: PREFIX } }),
  (key) => utf8Length(PREFIX + key) <= MAX_KEY_BYTES,
);

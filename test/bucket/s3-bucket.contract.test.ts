import { bucketContract } from '../contract/bucket-contract.ts';
import { s3UnderTest } from './s3-under-test.ts';

bucketContract('the S3 bucket', () => s3UnderTest());

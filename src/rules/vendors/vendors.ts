import { bos } from './bos.ts';
import { cos } from './cos.ts';
import { obs } from './obs.ts';
import { oss } from './oss.ts';
import { qingstor } from './qingstor.ts';
import { qiniu } from './qiniu.ts';
import { s3Website } from './s3-website.ts';
import { sippy } from './sippy.ts';
import { tos } from './tos.ts';
import type { Vendor } from './vendor.ts';

/** The vendors whose configurations are read, by the word on the command line. */
export const VENDORS: ReadonlyMap<string, Vendor> = new Map([
  ['qingstor', qingstor],
  ['obs', obs],
  ['oss', oss],
  ['qiniu', qiniu],
  ['bos', bos],
  ['cos', cos],
  ['tos', tos],
  ['sippy', sippy],
  ['s3-website', s3Website],
]);

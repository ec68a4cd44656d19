import { chmod, mkdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Names that servers, links and lists stumble over; each holds its own name. */
const ODD_NAMES: readonly string[] = [
  'plain.txt',
  'with space.txt',
  ' lead',
  'trail ',
  'per%cent.txt',
  'a%2Fb',
  'plus+.txt',
  'q?mark.txt',
  'ha#sh.txt',
  "sq'uote.txt",
  'dq"uote.txt',
  'am&p.txt',
  'am&amp;p.txt',
  'l<t>.txt',
  'caf\u00e9.txt',
  'cafe\u0301.txt',
  'emoji\u{1F600}.txt',
  '\ufffd.txt',
  'semi;colon.txt',
  'co:lon.txt',
  'http:',
  'back\\slash.txt',
  'eq=ual&x.txt',
  'star*~.txt',
  'b[r]{c}|^`.txt',
  'new\nline.txt',
  'tab\t.txt',
  `${'n'.repeat(251)}.txt`,
  'file%2F',
  'x.html?C=N;O=D',
  'dir/sub/deep.txt',
  'dir with space/f.txt',
  'per%2Fcent/f.txt',
  'am&p/l<t.txt',
  'caf\u00e9/\u00e9',
];

/** Servers leave these out of their indexes, some of them at least. */
export const DOT_NAMES: readonly string[] = ['.dot', '..hidden', '.../x'];

/** Files of a folder that is large enough to come in many pieces. */
const MANY = 3000;

/** When every file was last modified. */
export const MODIFIED_MS = Date.UTC(2024, 1, 29, 23, 59, 58);

/** Sizes in bytes of the files that {@link makeOddTree} makes, by key. */
export function oddSizes(): ReadonlyMap<string, number> {
  const names = [...ODD_NAMES, ...DOT_NAMES].map((name): [string, number] => [
    name,
    Buffer.byteLength(name),
  ]);
  const many = Array.from({ length: MANY }, (_, index): [string, number] => [
    `many/object-${index}.bin`,
    index % 20_000,
  ]);
  return new Map([...names, ...many]);
}

/** Makes the tree, which somebody else may read, with an empty folder and a name that is not UTF-8. */
export async function makeOddTree(root: string): Promise<void> {
  await mkdir(path.join(root, 'empty'), { recursive: true });
  for (const [key, size] of oddSizes()) {
    const file = path.join(root, key);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, Buffer.alloc(size, 'x'));
    await utimes(file, MODIFIED_MS / 1000, MODIFIED_MS / 1000);
  }
  await writeFile(Buffer.concat([Buffer.from(`${root}/bad`), Buffer.from([0xff])]), 'x');
  await chmod(root, 0o755);
}

import { createHash } from 'node:crypto';

/** One object of the bundled origin. Its bytes follow from its key, so nothing is kept. */
export interface DemoObject {
  readonly key: string;
  readonly type: string;
  readonly body: Buffer;
  /** Lower-case hex. */
  readonly sha256: string;
}

const KIBI = 1024;
/** Key, content type, size: a small site with a few odd names and an empty file. */
const ODD_OBJECTS: readonly (readonly [string, string, number])[] = [
  ['index.html', 'text/html; charset=utf-8', 3 * KIBI],
  ['empty.txt', 'text/plain', 0],
  ['docs/a space & a + sign.txt', 'text/plain', 2 * KIBI],
  ['docs/100%25 sure?.txt', 'text/plain', 2 * KIBI],
  ['docs/Übergröße 漢字.txt', 'text/plain', 2 * KIBI],
  ['docs/double//slash.txt', 'text/plain', 2 * KIBI],
  ['video/long.mp4', 'video/mp4', 6 * KIBI * KIBI],
];
const PHOTOS = 300;
/** Photo sizes go round in steps that share no divisor with 1,024. */
const PHOTO_STEP = 997;
const PHOTO_SPREAD = 48;

/** Every object that the bundled origin has. */
export function demoObjects(): readonly DemoObject[] {
  const odd = ODD_OBJECTS.map(([key, type, size]) => demoObject(key, type, size));
  const photos = Array.from({ length: PHOTOS }, (_, index) => {
    const size = KIBI + (index % PHOTO_SPREAD) * PHOTO_STEP;
    return demoObject(`photos/${String(index).padStart(4, '0')}.jpg`, 'image/jpeg', size);
  });
  return [...odd, ...photos];
}

function demoObject(key: string, type: string, size: number): DemoObject {
  const block = createHash('sha512').update(key).digest();
  const body = Buffer.alloc(size, block);
  return { key, type, body, sha256: createHash('sha256').update(body).digest('hex') };
}

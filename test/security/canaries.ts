import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Every secret that a run can be given, each a word that stands nowhere else. */
export const CANARY = {
  urlUser: 'canaryurluser5f1',
  urlPassword: 'canaryurlpass8c2',
  urlQuery: 'canaryurlquery3d',
  addressHeader: 'canaryaddrhead94',
  ruleHeader: 'canaryrulehead6b',
  storeSecret: 'canarystoresec1e',
  storeToken: 'canarystoretok70',
  otherSecret: 'canaryothersec4a',
  proxyPassword: 'canaryproxypas2f',
  signedLocation: 'canarylocation77',
  inline: 'canaryinlinetext',
} as const;

/** The variables that hold them; `site` is `host:port`. */
export function canaryEnv(site: string, scheme = 'http'): Record<string, string> {
  const user = `${CANARY.urlUser}:${CANARY.urlPassword}`;
  return {
    SITE_URL: `${scheme}://${user}@${site}/base/?token=${CANARY.urlQuery}`,
    SITE_AUTH: `Bearer ${CANARY.addressHeader}`,
    SITE_KEY: CANARY.ruleHeader,
    DEST_ACCESS_KEY_ID: 'destkeyid',
    DEST_SECRET_ACCESS_KEY: CANARY.storeSecret,
    DEST_SESSION_TOKEN: CANARY.storeToken,
    OLD_ACCESS_KEY_ID: 'oldkeyid',
    OLD_SECRET_ACCESS_KEY: CANARY.otherSecret,
  };
}

/** How a word can stand in a text or file: as it is, in hex, or somewhere within base64. */
function disguises(word: string): string[] {
  const bytes = Buffer.from(word);
  const within = [0, 1, 2].map((before) => {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // Digits at either end hold bits of the neighbours.
    return shifted.slice(
      before === 0 ? 0 : before + 1,
      Math.floor(((before + bytes.length) * 8) / 6),
    );
  });
  return [word, bytes.toString('hex'), ...within];
}

/** Which canaries stand in `text`, in whatever form. */
export function canariesIn(text: string | Buffer): string[] {
  const haystack = typeof text === 'string' ? Buffer.from(text) : text;
  return Object.entries(CANARY)
    .filter(([, word]) => disguises(word).some((form) => haystack.includes(form)))
    .map(([name]) => name);
}

/** Which canaries stand in the files below `folder`, and in their names, by file. */
export async function canariesBelow(
  folder: string,
  besides: readonly string[] = [],
): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(folder, file);
    found.push(...canariesIn(name).map((canary) => `${canary} in the name of ${name}`));
    if (!entry.isFile() || besides.includes(name)) continue;
    const inside = canariesIn(await readFile(file));
    found.push(...inside.map((canary) => `${canary} in ${name}`));
  }
  return found;
}

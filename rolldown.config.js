import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Loaded by nearly every command, and of dozens of files each: one file loads many times faster. */
const BUNDLED = new Set([
  'commander',
  'dom-serializer',
  'domelementtype',
  'domhandler',
  'domutils',
  'entities',
  'eventemitter3',
  'htmlparser2',
  'mime',
  'p-queue',
  'p-timeout',
  'yaml',
  'zod',
]);

/** The name of the package that an import or a file belongs to; undefined for our own. */
function packageOf(id) {
  const inside = id.split('node_modules/').at(-1);
  if (inside === id && (id.startsWith('.') || path.isAbsolute(id))) return undefined;
  return inside
    .split('/')
    .slice(0, inside.startsWith('@') ? 2 : 1)
    .join('/');
}

/** What is bundled is passed on, and its licenses ask to go along. */
const licenses = {
  name: 'licenses',
  generateBundle(_, bundle) {
    const files = Object.values(bundle).flatMap(({ moduleIds = [] }) => moduleIds);
    const folders = new Map();
    for (const file of files) {
      const name = file.includes('node_modules/') ? packageOf(file) : undefined;
      if (name !== undefined)
        folders.set(name, file.slice(0, file.lastIndexOf(name) + name.length));
    }
    const texts = [...folders].sort().map(([name, folder]) => {
      const license = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
      if (license === undefined) throw new Error(`${name} is bundled and has no license file`);
      return `${name}\n\n${readFileSync(path.join(folder, license), 'utf8')}`;
    });
    const fileName = 'THIRD-PARTY-LICENSES';
    this.emitFile({ type: 'asset', fileName, source: texts.join('\n\n---\n\n') });
  },
};

/**
 * Makes dist/bundle of what tsc has made: the program and its threads, each in one file beside the
 * parts that are loaded when they are needed. All stand two folders below the package's root, as
 * dist/cli does.
 */
export default {
  input: {
    main: 'dist/cli/main.js',
    'sqlite-worker': 'dist/checkpoint/sqlite-worker.js',
    'digest-worker': 'dist/s3/digest-worker.js',
    'shared-worker': 'dist/checkpoint/shared-worker.js',
    'copy-worker': 'dist/cli/threads/copy-worker.js',
  },
  platform: 'node',
  external: (id) => {
    const name = packageOf(id);
    return name !== undefined && !BUNDLED.has(name);
  },
  plugins: [licenses],
  output: {
    dir: 'dist/bundle',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    cleanDir: true,
  },
};

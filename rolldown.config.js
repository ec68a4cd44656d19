import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Loaded by nearly every command, and of dozens of files each: one file loads many times faster. */
const BUNDLED = new Set([
  'cockatiel',
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
  'undici',
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
 * One character beyond Latin-1, be it in a comment, makes V8 keep a whole file at two bytes each. All
 * of them stand in texts and comments, where they may as well be escaped.
 */
const ascii = {
  name: 'ascii',
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type === 'chunk') chunk.code = chunk.code.replace(/[^\x00-\x7f]/g, escaped);
    }
  },
};

function escaped(unit) {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** What stands for the parts of a package that nothing here gets to. */
const LEFT_OUT = '\0left-out';

/**
 * Of undici's client: HTTP/2 and the bodies of fetch are left out, of which no connection of ours
 * makes use.
 */
const undici = {
  name: 'undici',
  resolveId: (source, importer) => {
    if (importer === undefined || packageOf(importer) !== 'undici') return null;
    return /(?:client-h2|fetch\/body)\.js$/.test(source) ? LEFT_OUT : null;
  },
  load: (id) => {
    if (id !== LEFT_OUT) return null;
    return "module.exports = () => { throw new Error('this part of undici is left out'); };";
  },
};

/** What commands load at once, as files of dist without their endings. */
const START = ['cli/main'];
const RULES = ['cli/load-rules'];
/** Commands that do without most of what a run needs. */
const SMALL = ['status', 'report', 'cleanup', 'explain', 'import'].map(
  (name) => `cli/commands/${name}`,
);
const RUN = ['cli/commands/migrate'];
const STORE = ['cli/open-s3-store', 'bucket/s3-bucket'];
const WALK = ['cli/commands/scan', 'cli/scan-beside', 'cli/open-walks'];

/** The files that are loaded with some, since they import each other without `import()`. */
function loadedWith(files, context) {
  const found = new Set();
  const add = (id) => {
    if (found.has(id)) return;
    found.add(id);
    for (const imported of context.getModuleInfo(id)?.importedIds ?? []) add(imported);
  };
  for (const file of files) add(path.resolve('dist', `${file}.js`));
  return found;
}

let loaded;

/**
 * The part that a file goes to: each file costs its reading and resolving, so what is always loaded
 * together is one. A part imports only those named before it, so none can go round in circles.
 * Null leaves it to the bundler.
 */
function partOf(id, context) {
  const parts = [START, RULES, SMALL, RUN, STORE, WALK];
  loaded ??= parts.map((files) => loadedWith(files, context));
  const [start, rules, small, run, store, walk] = loaded.map((files) => files.has(id));
  if (start) return 'start';
  if (rules) return 'rules';
  if ((run || store) && small) return 'common';
  if (run) return 'run';
  // A walk and a store have a parser of markup in common, which neither should load the other for.
  if (packageOf(id) !== undefined) return null;
  if (store) return 'store';
  return walk ? 'walk' : null;
}

const common = {
  platform: 'node',
  // Of modules, unlike of what is required, only what is used comes along.
  resolve: {
    mainFields: ['module', 'main'],
    alias: { yaml: path.resolve('node_modules/yaml/browser/dist/index.js') },
  },
  external: (id) => {
    const name = packageOf(id);
    return name !== undefined && !BUNDLED.has(name);
  },
};

const output = {
  dir: 'dist/bundle',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
};

/** A thread in one file: it has its modules for itself, so it needs no file of the program. */
const thread = (name, file) => ({
  ...common,
  plugins: [ascii],
  input: { [name]: file },
  output: { ...output, codeSplitting: false },
});

/**
 * Makes dist/bundle of what tsc has made: the program in a few parts, and its threads. All stand
 * two folders below the package's root, as dist/cli does.
 */
export default [
  {
    ...common,
    // A thread that copies does what the program does, so they share their parts.
    input: { main: 'dist/cli/main.js', 'copy-worker': 'dist/cli/threads/copy-worker.js' },
    plugins: [undici, licenses, ascii],
    output: {
      ...output,
      cleanDir: true,
      codeSplitting: { groups: [{ name: partOf, includeDependenciesRecursively: false }] },
    },
  },
  thread('sqlite-worker', 'dist/checkpoint/sqlite-worker.js'),
  thread('shared-worker', 'dist/checkpoint/shared-worker.js'),
  thread('digest-worker', 'dist/s3/digest-worker.js'),
];

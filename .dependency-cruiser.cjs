/** The layers of the house: who may import whom, and which folder is a vendor package's one door. */
const use = '^src/(run|verify|probe|serve)/';

/** folder → the folders it may import from, beside itself */
const mayImport = {
  run: ['transfer', 'plan', 'rules', 'model'],
  verify: ['transfer', 'plan', 'rules', 'model'],
  probe: ['transfer', 'plan', 'rules', 'model'],
  serve: ['transfer', 'plan', 'rules', 'model'],
  transfer: ['plan', 'rules', 'model'],
  plan: ['rules', 'model'],
  rules: ['model'],
  guard: ['model'],
  origin: ['s3', 'http', 'model'],
  bucket: ['s3', 'http', 'model'],
  scan: ['s3', 'http', 'model'],
  s3: ['http', 'model'],
  http: ['model'],
  checkpoint: ['model'],
  report: ['model'],
  page: ['model'],
  metrics: ['model'],
  demo: ['model'],
  model: [],
};

/** vendor package → the folders that may import it */
const doors = {
  commander: ['cli'],
  undici: ['http'],
  '@aws-sdk/[^/]+': ['s3'],
  '@smithy/[^/]+': ['s3'],
  '@aws-crypto/[^/]+': ['s3'],
  'hash-wasm': ['transfer'],
  'p-queue': ['run', 'serve'],
  cockatiel: ['guard'],
  picomatch: ['plan'],
  yaml: ['rules'],
  zod: ['rules'],
  libsql: ['checkpoint'],
  htmlparser2: ['rules/vendors', 'scan', 's3'],
  ink: ['report'],
  react: ['report'],
  'cli-progress': ['report'],
  'hdr-histogram-js': ['metrics'],
  'prom-client': ['metrics'],
  pino: ['report'],
};

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Data flows one way.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'cli-is-the-root',
      comment: 'cli puts everything together; nobody imports it.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'pure-layers',
      comment: 'model, rules and plan decide; they never touch Node.',
      severity: 'error',
      from: { path: '^src/(model|rules|plan)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'use-cases-apart',
      comment: 'Use cases see ports, never each other.',
      severity: 'error',
      from: { path: use },
      to: { path: use, pathNot: '^src/$1/' },
    },
    {
      name: 'folder-is-known',
      comment: 'A new folder gets its place in this file first.',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: `^src/(cli|${Object.keys(mayImport).join('|')})/` },
    },
    {
      name: 'product-never-imports-dev',
      comment: 'What users install must not need what we test with.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'unknown', 'undetermined'] },
    },
    ...Object.entries(mayImport).map(([folder, allowed]) => ({
      name: `layer-${folder}`,
      comment: `${folder} may import only ${['itself', ...allowed].join(', ')}.`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^src/', pathNot: `^src/(${[folder, ...allowed].join('|')})/` },
    })),
    ...Object.entries(doors).map(([name, folders]) => ({
      name: `door-${name.replace(/[^a-z0-9-]/gi, '')}`,
      comment: `${name} comes in only through ${folders.join(', ')}.`,
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(${folders.join('|')})/` },
      to: { path: `(^|/)node_modules/${name}(/|$)` },
    })),
  ],
  options: {
    // What the bundler has made of dist has cycles of lazy parts, which are fine.
    doNotFollow: { path: ['node_modules', '^dist/bundle'] },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};

import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'Named exports only: the name is the same wherever it is used.',
};

export default tseslint.config(
  {
    ignores: ['dist/', 'coverage/', '.tool/', '*.config.js', '.dependency-cruiser.cjs', 'samples/'],
  },
  js.configs.recommended,
  {
    files: ['src/**/*.ts', 'test/**/*.ts', '*.config.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      complexity: ['error', 12],
      'max-lines': ['error', { max: 300 }],
      'no-console': 'error',
      'no-restricted-globals': [
        'error',
        { name: 'process', message: 'Only cli touches the process.' },
      ],
      'no-restricted-syntax': [
        'error',
        noDefaultExport,
        { selector: 'TSEnumDeclaration', message: 'Unions of literals instead of enums.' },
      ],
    },
  },
  {
    files: ['src/cli/**/*.ts', 'test/**/*.ts'],
    rules: { 'no-restricted-globals': 'off' },
  },
  {
    files: ['src/model/**', 'src/rules/**', 'src/plan/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['process', 'Buffer', 'setTimeout', 'setInterval', 'Date', 'fetch', 'performance'].map(
          (name) => ({ name, message: 'The pure layers have no clock, no network and no Node.' }),
        ),
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 400 }],
      '@typescript-eslint/no-non-null-assertion': 'error',
    },
  },
  { files: ['*.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['bin/*.js', 'test/**/*.js'], languageOptions: { globals: { process: 'readonly' } } },
);

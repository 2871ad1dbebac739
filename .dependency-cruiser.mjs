// The floors of src/, from the bottom to the top: a file imports only from its own floor and from
// floors below it. docs/architecture.md says what each of them is for.
const FLOORS = [
  ['errors', '^src/errors/'],
  ['wire', '^src/wire/'],
  ['worker', '^src/worker/'],
  ['tasks', '^src/tasks/'],
  ['executors', '^src/executors/'],
  ['http', '^src/http/'],
  ['request', '^src/request/'],
  ['faces', '^src/(futures\\.service|worker-pool)\\.ts$'],
  ['replay', '^src/replay/'],
  ['decorators', '^src/decorators/'],
  ['module', '^src/(index|futures\\.module|futures\\.module-definition|copies)\\.ts$'],
];

/** Folders that are a subpath export each, beside the floors. */
const SUBPATHS = '^src/(bullmq/|bundler/|health/|prometheus/|testing/|testing-internals\\.ts$)';

const upwards = FLOORS.slice(0, -1).map(([name, path], i) => ({
  name: `${name}-imports-from-below`,
  comment: `A file of "${name}" imports from a floor above it.`,
  severity: 'error',
  from: { path },
  to: { path: FLOORS.slice(i + 1).map(([, above]) => above) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...upwards,
    {
      name: 'core-needs-no-subpath',
      comment: 'The core works without its subpath exports.',
      severity: 'error',
      from: { path: FLOORS.map(([, path]) => path) },
      to: { path: SUBPATHS },
    },
    {
      name: 'queue-uses-public-exports',
      comment: 'The queue is written like an executor of somebody else.',
      severity: 'error',
      from: { path: '^src/bullmq/' },
      to: {
        path: '^src/',
        pathNot: ['^src/bullmq/', '^src/index\\.ts$', '^src/executors/kit\\.ts$'],
      },
    },
    {
      name: 'operations-use-public-exports',
      comment: 'Metrics and health see what everybody can see.',
      severity: 'error',
      from: { path: '^src/(health|prometheus)/' },
      to: {
        path: '^src/',
        pathNot: ['^src/(health|prometheus)/', '^src/index\\.ts$', '^src/executors/kit\\.ts$'],
      },
    },
    {
      name: 'testing-uses-public-exports',
      comment: 'The testing kit uses the public exports, and what testing-internals.ts lists.',
      severity: 'error',
      from: { path: '^src/testing/' },
      to: {
        path: '^src/',
        pathNot: [
          '^src/testing/',
          '^src/testing-internals\\.ts$',
          '^src/index\\.ts$',
          '^src/executors/kit\\.ts$',
        ],
      },
    },
    {
      name: 'no-circle',
      comment: 'Files that import each other can only be read together.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphan',
      comment: 'Nothing imports it.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: ['/index\\.ts$', '^src/executors/kit\\.ts$', '^src/worker/.*(thread|process)-'],
      },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    includeOnly: '^src/',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.cts', '.js'] },
    reporterOptions: {
      archi: { collapsePattern: '^src/[^/]+' },
      mermaid: { minify: false },
    },
  },
};

// The rows of bundlers: each has the one line that docs/tools.md names in its configuration.
const EXTERNAL = [
  '@nestjs/microservices',
  '@nestjs/websockets',
  'class-transformer',
  'class-validator',
];

const built = async (project) => {
  await project.run('node', 'build.mjs');
  await project.answers('node', 'dist/main.js');
};

/** Makes a monorepo of the project, by Nest's generator, so that the bundlers of its CLI apply. */
async function makeMonorepo(project) {
  await project.run('npx', 'nest', 'generate', 'app', 'other');
}

const ESBUILD = `
import { build } from 'esbuild';
import { taskFiles } from 'nestjs-futures/bundler';
await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  plugins: [taskFiles.esbuild()],
});
`;

const ESBUILD_ALL = `
import { build } from 'esbuild';
import { taskFiles } from 'nestjs-futures/bundler';
await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'esm',
  external: ${JSON.stringify(EXTERNAL)},
  banner: {
    js: "import { createRequire as of } from 'node:module'; const require = of(import.meta.url);",
  },
  plugins: [taskFiles.esbuild()],
});
`;

const ROLLDOWN = `
import { build } from 'rolldown';
import { taskFiles } from 'nestjs-futures/bundler';
await build({
  input: 'src/main.ts',
  platform: 'node',
  tsconfig: true,
  external: /^(@nestjs|nestjs-futures|reflect-metadata)/,
  plugins: [taskFiles.rolldown()],
  output: { dir: 'dist', format: 'esm' },
});
`;

const VITE = `
import { build } from 'vite';
import { taskFiles } from 'nestjs-futures/bundler';
await build({
  build: { ssr: 'src/main.ts', outDir: 'dist', target: 'node20' },
  plugins: [taskFiles.vite()],
});
`;

const script =
  (text, ...packages) =>
  async (project) => {
    await project.install('-D', ...packages);
    await project.write('build.mjs', text);
  };

/** @type {import('./rows.mjs').Row[]} */
export const BUNDLER_ROWS = [
  {
    name: 'Nest 12 monorepo, nest build -b rspack',
    nest: 12,
    prepare: async (project) => {
      await makeMonorepo(project);
      await project.install(
        '-D',
        '@rspack/core',
        'webpack-node-externals',
        'tsconfig-paths-webpack-plugin',
        'unplugin',
        'oxc-parser',
      );
      await project.write(
        'rspack.config.js',
        `export { nestConfig as default } from 'nestjs-futures/bundler';`,
      );
    },
    check: async (project) => {
      await project.run('npx', 'nest', 'build', '-b', 'rspack');
      await project.answers('node', 'dist/apps/app/main.js');
    },
  },
  {
    name: 'Nest 11 monorepo, nest build --webpack',
    nest: 11,
    prepare: async (project) => {
      await makeMonorepo(project);
      await project.install('-D', 'unplugin', 'oxc-parser');
      await project.write(
        'webpack.config.js',
        `module.exports = require('nestjs-futures/bundler').nestConfig;`,
      );
    },
    check: async (project) => {
      await project.run('npx', 'nest', 'build', '--webpack');
      await project.answers('node', 'dist/apps/app/main.js');
    },
  },
  {
    name: 'Nest 12, esbuild',
    nest: 12,
    prepare: script(ESBUILD, 'esbuild', 'unplugin', 'oxc-parser'),
    check: built,
  },
  {
    name: 'Nest 12, esbuild, packages bundled too',
    nest: 12,
    prepare: script(ESBUILD_ALL, 'esbuild', 'unplugin', 'oxc-parser'),
    check: built,
  },
  {
    name: 'Nest 12, rolldown',
    nest: 12,
    prepare: script(ROLLDOWN, 'rolldown', 'unplugin', 'oxc-parser'),
    check: built,
  },
  {
    name: 'Nest 12, Vite SSR',
    nest: 12,
    prepare: script(VITE, 'vite', 'unplugin', 'oxc-parser'),
    check: built,
  },
];

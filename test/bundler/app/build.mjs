// Builds the app with one bundler: node build.mjs <bundler> <esm or cjs> <folder> [variant]
import { join } from 'node:path';
import { taskFiles } from 'nestjs-futures/bundler';

const [bundler, format, folder, variant] = process.argv.slice(2);
const isEsm = format === 'esm';
const plugins = variant === 'without-plugin' ? [] : [taskFiles[bundler]()];
const isMinified = variant === 'minify';
/** Whether the packages go into the bundle, too. */
const all = variant === 'bundled';
const entry = './src/main.ts';
const filename = isEsm ? 'main.mjs' : 'main.cjs';
const outDir = join(import.meta.dirname, folder);
/** What Nest loads only if it is there. */
const OPTIONAL = /^(?:@nestjs\/(?:microservices|websockets|platform-fastify)|class-|@fastify\/)/;
const isExternal = (id) => (all ? OPTIONAL.test(id) : /^(?!node:|@oxc)[@\w]/.test(id));

const REQUIRE = `import { createRequire as requireFrom } from 'node:module';
const require = requireFrom(import.meta.url);`;

const ofWebpack = (loader) => ({
  context: import.meta.dirname,
  entry,
  mode: isMinified ? 'production' : 'none',
  target: 'node20',
  experiments: { outputModule: isEsm },
  externalsPresets: { node: true },
  externals: ({ request }, callback) =>
    isExternal(request)
      ? callback(null, `${isEsm ? 'module' : 'commonjs'} ${request}`)
      : callback(),
  module: { rules: [{ test: /\.ts$/, exclude: /node_modules/, ...loader }] },
  resolve: { extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } },
  optimization: { runtimeChunk: variant === 'deep' && 'single' },
  output: {
    path: outDir,
    filename: variant === 'deep' ? `apps/desk/${isEsm ? '[name].mjs' : '[name].cjs'}` : filename,
    module: isEsm,
    library: { type: isEsm ? 'module' : 'commonjs2' },
    chunkFormat: isEsm ? 'module' : 'commonjs',
  },
  plugins,
});

const run = (pack, config) =>
  new Promise((resolve, reject) => {
    pack(config, (error, stats) => {
      if (error) return reject(error);
      console.log(stats.toString({ all: false, assets: true, errors: true, warnings: true }));
      if (stats.hasErrors()) return reject(new Error('The build has failed.'));
      return resolve();
    });
  });

const builds = {
  async webpack() {
    const { default: webpack } = await import('webpack');
    await run(webpack, ofWebpack({ loader: 'ts-loader', options: { transpileOnly: true } }));
  },
  async rspack() {
    const { rspack } = await import('@rspack/core');
    const options = {
      jsc: {
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        target: 'es2022',
      },
    };
    await run(rspack, ofWebpack({ loader: 'builtin:swc-loader', options }));
  },
  async rollup() {
    // What tsc has made of the sources.
    const { rollup } = await import('rollup');
    const bundle = await rollup({ input: './js/main.js', external: isExternal, plugins });
    await bundle.write({ file: join(outDir, filename), format: isEsm ? 'es' : 'cjs' });
  },
  async rolldown() {
    const { rolldown } = await import('rolldown');
    const options = { input: entry, external: isExternal, platform: 'node', plugins };
    const bundle = await rolldown(options);
    const output = { entryFileNames: filename, format: isEsm ? 'es' : 'cjs' };
    await bundle.write({ dir: outDir, ...output });
  },
  async vite() {
    const { build } = await import('vite');
    const output = { entryFileNames: filename, format: isEsm ? 'es' : 'cjs' };
    await build({
      configFile: false,
      logLevel: 'warn',
      plugins,
      ...(all ? { ssr: { noExternal: true, external: [] } } : {}),
      build: {
        ssr: entry,
        outDir,
        minify: isMinified,
        rolldownOptions: { output, external: all ? isExternal : [] },
      },
    });
  },
  async esbuild() {
    const { build } = await import('esbuild');
    await build({
      entryPoints: [entry],
      bundle: true,
      platform: 'node',
      format,
      // For what the packages require() at run time.
      ...(all && isEsm ? { banner: { js: REQUIRE } } : {}),
      outfile: join(outDir, filename),
      ...(all ? { external: ['@nestjs/microservices', '@nestjs/websockets', 'class-*'] } : {}),
      ...(all ? {} : { packages: 'external' }),
      minify: isMinified,
      plugins,
    });
  },
};
await builds[bundler]();

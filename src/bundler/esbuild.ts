import { dirname, isAbsolute, resolve } from 'node:path';
import type { BuildFailure, BuildOptions, OnLoadResult, Plugin, PluginBuild } from 'esbuild';
import type { Emitter, EntryParts } from './emitter.js';

/** Modules whose value is the URL of an emitted file. */
const URLS = 'nestjs-futures-url';
/** What is emitted; the value of such a module is the path of the file, from the file it is in. */
const FILES = 'nestjs-futures-file';

type Format = 'cjs' | 'esm';

/** What is to be emitted. */
interface Emitted {
  readonly file: string;
  readonly format: Format;
}

/**
 * Bundles each task file in a build of its own, and has esbuild emit what that gives as a file.
 * esbuild has no way to add an entry to a build that runs.
 *
 * @internal
 */
export class EsbuildFiles implements Emitter {
  readonly #build: PluginBuild;
  /** This plugin in the build of a task file; undefined in that build itself. */
  readonly #nested: Plugin | undefined;

  constructor(build: PluginBuild, nested?: Plugin) {
    this.#build = build;
    this.#nested = nested;
    const filter = /.*/;
    build.onResolve({ filter: /^nestjs-futures-(?:url|file):/ }, ({ path }) => {
      const [, namespace = '', format, file = ''] = /^([^:]+):(cjs|esm):(.*)$/s.exec(path) ?? [];
      const emitted = { file, format: format as Format };
      // The extension of an emitted file tells Node its format.
      const extension = namespace === URLS ? '' : format === 'cjs' ? '.cjs' : '.mjs';
      return {
        namespace,
        path: extension === '' ? path : file.replace(/\.[cm]?[jt]sx?$/, extension),
        pluginData: emitted,
      };
    });
    build.onLoad({ filter, namespace: URLS }, ({ pluginData }) => ({
      contents: this.#urlModule(pluginData as Emitted),
      loader: 'js',
    }));
    build.onLoad({ filter, namespace: FILES }, ({ pluginData }) =>
      this.#bundle(pluginData as Emitted),
    );
  }

  get #format(): Format {
    const { format, platform } = this.#build.initialOptions;
    return format === 'cjs' || (format === undefined && platform === 'node') ? 'cjs' : 'esm';
  }

  emit(file: string): string {
    return this.#urlOf(file, this.#format);
  }

  emitEntry({ file, format }: EntryParts): string {
    // Threads must not load their entry as an ES module: see src/worker/thread-entry.cts.
    return this.#urlOf(file, format);
  }

  /** By a module of its own, since `import.meta` would turn a CommonJS module into an ES module. */
  #urlOf(file: string, format: Format): string {
    const module = `require(${JSON.stringify(`${URLS}:${format}:${file}`)})`;
    return this.#format === 'cjs' ? module : `${module}.default`;
  }

  #urlModule({ file, format }: Emitted): string {
    const path = JSON.stringify(`${FILES}:${format}:${file}`);
    // Nothing starts workers in a worker; but the file must be there, or taskFile() throws.
    const isWorker = this.#nested === undefined;
    if (this.#format === 'cjs') {
      // By its extension, esbuild takes the file for an ES module.
      const value = format === 'esm' ? `require(${path}).default` : `require(${path})`;
      const own = isWorker ? '__filename' : `__dirname + "/" + ${value}`;
      return `module.exports = require("node:url").pathToFileURL(${own}).href;`;
    }
    return isWorker
      ? 'export default import.meta.url;'
      : `import path from ${path};\nexport default new URL(path, import.meta.url).href;`;
  }

  async #bundle({ file, format }: Emitted): Promise<OnLoadResult> {
    const { initialOptions, esbuild } = this.#build;
    const { outfile, outdir, ...options } = initialOptions;
    const { absWorkingDir = process.cwd() } = options;
    const folder = outdir ?? (outfile === undefined ? absWorkingDir : dirname(outfile));
    const nested = this.#nested;
    const ofFile = {
      ...options,
      entryPoints: [file],
      format,
      // Written for the format of the app.
      ...(format === this.#format ? {} : { banner: {}, footer: {} }),
      // piscina loads it only if it is there.
      external: [...(options.external ?? []), '@napi-rs/nice'],
      outfile: resolve(absWorkingDir, folder, 'task.js'),
      plugins: options.plugins?.map((each) => (each.name === nested?.name ? nested : each)) ?? [],
      sourcemap: options.sourcemap ? 'inline' : false,
      splitting: false,
      metafile: true,
      write: false,
      logLevel: 'silent',
    } satisfies BuildOptions;
    const { errors, warnings, outputFiles, metafile } = await esbuild.build(ofFile).catch(toResult);
    const watchFiles = Object.keys(metafile?.inputs ?? {}).map((path) =>
      isAbsolute(path) ? path : resolve(absWorkingDir, path),
    );
    return {
      contents: outputFiles?.find(({ path }) => path.endsWith('task.js'))?.contents ?? '',
      loader: 'file',
      watchFiles: [file, ...watchFiles],
      errors,
      warnings,
    };
  }
}

/** Failed builds report their errors by the build that has asked for them. */
function toResult(error: unknown) {
  const { errors, warnings } = error as Partial<BuildFailure>;
  if (errors === undefined) throw error;
  return { errors, warnings: warnings ?? [], outputFiles: undefined, metafile: undefined };
}

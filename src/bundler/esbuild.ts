import { dirname, isAbsolute, resolve } from 'node:path';
import type { BuildFailure, BuildOptions, OnLoadResult, Plugin, PluginBuild } from 'esbuild';
import type { Emitter, EntryParts } from './emitter.js';

const NAMESPACE = 'nestjs-futures-task-file';

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
    build.onResolve({ filter: new RegExp(`^${NAMESPACE}-(?:cjs|esm):`) }, ({ path: given }) => {
      const file = given.slice(NAMESPACE.length + 5);
      const format = given.slice(NAMESPACE.length + 1, NAMESPACE.length + 4) as 'cjs' | 'esm';
      const path = file.replace(/\.[cm]?[jt]sx?$/, format === 'cjs' ? '.cjs' : '.mjs');
      return { namespace: NAMESPACE, path, pluginData: { file, format } };
    });
    build.onLoad({ filter, namespace: NAMESPACE }, ({ pluginData }) =>
      this.#bundle(pluginData as { file: string; format: 'cjs' | 'esm' }),
    );
  }

  get #isCommonJs(): boolean {
    const { format, platform } = this.#build.initialOptions;
    return format === 'cjs' || (format === undefined && platform === 'node');
  }

  emit(file: string): string {
    return this.#urlOf(file, this.#isCommonJs ? 'cjs' : 'esm');
  }

  emitEntry({ file }: EntryParts): string {
    // Threads are not to load their entry as an ES module: see src/worker/thread-entry.cts.
    return this.#urlOf(file, 'cjs');
  }

  #urlOf(file: string, format: 'cjs' | 'esm'): string {
    // Nothing starts workers in a worker; but the file must be there, or taskFile() throws.
    if (this.#nested === undefined) return this.#isCommonJs ? '__filename' : 'import.meta.url';
    // The path of the emitted file, relative to the file that holds this expression.
    const loaded = `require(${JSON.stringify(`${NAMESPACE}-${format}:${file}`)})`;
    // By its extension, esbuild takes it for an ES module.
    const path = format === 'esm' ? `${loaded}.default` : loaded;
    return this.#isCommonJs
      ? `require("node:url").pathToFileURL(__dirname + "/" + ${path}).href`
      : `new URL(${path}, import.meta.url).href`;
  }

  async #bundle({ file, format }: { file: string; format: 'cjs' | 'esm' }): Promise<OnLoadResult> {
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
      ...(format === (this.#isCommonJs ? 'cjs' : 'esm') ? {} : { banner: {}, footer: {} }),
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

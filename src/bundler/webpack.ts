import type { Compilation, Compiler, LoaderContext } from 'webpack';
import type { Emitter, EntryParts } from './emitter.js';
import { folderOf, outputName } from './output-name.js';

const NAME = 'nestjs-futures';

/** What webpack and rspack give to the transformation of a module. */
export interface WebpackContext {
  readonly loaderContext: LoaderContext<unknown>;
  readonly compilation: Compilation;
}

/**
 * Makes task files entries of webpack and rspack, which have the same API here.
 *
 * @internal
 */
export class WebpackEntries implements Emitter {
  readonly #compiler: Compiler;
  /** The task files of the compilation that runs, by the name of the emitted file. */
  #files = new Map<string, string>();

  constructor(compiler: Compiler) {
    this.#compiler = compiler;
    compiler.hooks.afterEnvironment.tap(NAME, () => {
      const { enabledLibraryTypes: types } = compiler.options.output;
      if (types && !types.includes(this.#libraryType)) types.push(this.#libraryType);
    });
    compiler.hooks.thisCompilation.tap(NAME, ({ compiler: running }) => {
      // Modules with a taskFile() are not cached, so each compilation finds them anew.
      if (running === compiler) this.#files = new Map();
    });
    compiler.hooks.finishMake.tapPromise(NAME, async (compilation) => {
      if (compilation.compiler === compiler) await this.#addEntries(compilation);
    });
  }

  get #libraryType(): 'module' | 'commonjs2' {
    return this.#compiler.options.output.module === true ? 'module' : 'commonjs2';
  }

  get #folder(): string {
    return folderOf(this.#compiler.options.output.filename);
  }

  emit(file: string, { loaderContext: loader }: WebpackContext): string {
    // A module that comes from the cache is not seen again, and its task files would be forgotten.
    loader.cacheable(false);
    const extension = this.#libraryType === 'module' ? 'mjs' : 'cjs';
    const emitted = `${this.#folder}${outputName(this.#compiler.context, file)}.${extension}`;
    this.#files.set(emitted, file);
    return urlOf(emitted);
  }

  emitEntry(
    { output, copies }: EntryParts,
    { loaderContext, compilation }: WebpackContext,
  ): string {
    loaderContext.cacheable(false);
    const { sources } = this.#compiler.webpack;
    for (const [path, code] of copies) {
      const name = this.#folder + path;
      // Files that others import by name, and whose format a minifier doesn't know.
      const info = { minimized: true };
      if (compilation.getAsset(name) !== undefined) continue;
      compilation.emitAsset(name, new sources.RawSource(code), info);
    }
    return urlOf(this.#folder + output);
  }

  async #addEntries(compilation: Compilation): Promise<void> {
    const { EntryPlugin } = this.#compiler.webpack;
    const added = new Set<string>();
    // A task file may bring further ones with it.
    for (const [emitted, file] of this.#files) {
      if (added.has(emitted)) continue;
      added.add(emitted);
      const name = emitted.replace(/\.[cm]js$/, '');
      const dependency = EntryPlugin.createDependency(file, name);
      const options = {
        name,
        filename: emitted,
        library: { type: this.#libraryType },
        // Otherwise "runtimeChunk" would share the runtime of the app, and its output file name.
        runtime: false as const,
      };
      await new Promise<void>((resolve, reject) => {
        compilation.addEntry(this.#compiler.context, dependency, options, (error) =>
          error ? reject(error) : resolve(),
        );
      });
    }
  }
}

/** The base is the folder of the output, also for a bundle in a folder below it. */
function urlOf(emitted: string): string {
  return `new URL(${JSON.stringify(encodeURI(emitted))}, __webpack_base_uri__).href`;
}

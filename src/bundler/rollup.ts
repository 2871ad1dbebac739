import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { OutputOptions, PreRenderedChunk, TransformPluginContext } from 'rollup';
import type { Emitter, EntryParts } from './emitter.js';
import { folderOf, outputName } from './output-name.js';

type FileNames = OutputOptions['chunkFileNames'];

/**
 * Makes task files chunks of rollup, rolldown and Vite, which have the same API here.
 *
 * @internal
 */
export class RollupChunks implements Emitter {
  /** What is emitted as an asset. */
  readonly #copies = new Map<string, string>();
  /** The names of the task files' chunks. */
  readonly #names = new Set<string>();
  /** What the bundler calls the emitted files. */
  readonly #references = new Map<string, string>();

  emit(file: string, context: TransformPluginContext): string {
    const name = outputName(process.cwd(), file);
    const reference = context.emitFile({
      type: 'chunk',
      id: file,
      name,
      // Otherwise the bundler may drop or rename what nothing imports: the tasks.
      preserveSignature: 'strict',
    });
    this.#names.add(name);
    this.#references.set(file, reference);
    return `import.meta.ROLLUP_FILE_URL_${reference}`;
  }

  emitEntry({ output, copies }: EntryParts, context: TransformPluginContext): string {
    for (const [fileName, source] of copies) {
      this.#copies.set(fileName, source);
      const reference = context.emitFile({ type: 'asset', fileName, source });
      this.#references.set(fileName, reference);
    }
    return `import.meta.ROLLUP_FILE_URL_${this.#references.get(output)}`;
  }

  /** Hooks of the plugin. */
  get hooks() {
    return {
      outputOptions: (options: OutputOptions): OutputOptions => this.#outputOptions(options),
      resolveFileUrl: (file: { referenceId: string; relativePath: string; format: string }) =>
        [...this.#references.values()].includes(file.referenceId) ? urlOf(file) : null,
      writeBundle: ({ dir }: { dir?: string | undefined }, bundle: object) => {
        if (dir !== undefined) this.#keepCopies(dir, bundle);
      },
    };
  }

  /** Vite drops assets from the build of a server, and takes none again. */
  #keepCopies(folder: string, bundle: object): void {
    for (const [fileName, source] of this.#copies) {
      if (fileName in bundle) continue;
      const path = join(folder, fileName);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, source);
    }
  }

  #outputOptions(given: OutputOptions): OutputOptions {
    const { file, ...others } = given;
    // There are several output files now.
    const options =
      file === undefined
        ? given
        : { ...others, dir: dirname(file), entryFileNames: basename(file) };
    const { chunkFileNames = besides(options.entryFileNames) } = options;
    const folder = folderOf(options.entryFileNames);
    const extension = isCommonJs(options.format) ? 'cjs' : 'mjs';
    return {
      ...options,
      chunkFileNames: (chunk) => {
        if (this.#names.has(chunk.name)) return `${folder}[name].${extension}`;
        return typeof chunkFileNames === 'function' ? chunkFileNames(chunk) : chunkFileNames;
      },
    };
  }
}

/** The format that Node takes a shared chunk for depends on its extension, as with the entry. */
function besides(entryFileNames: FileNames): string | ((chunk: PreRenderedChunk) => string) {
  const extension = typeof entryFileNames === 'string' ? extname(entryFileNames) : '';
  return `[name]-[hash]${/^\.[cm]?js$/.test(extension) ? extension : '.js'}`;
}

function isCommonJs(format: OutputOptions['format'] | undefined): boolean {
  return format === 'cjs' || format === 'commonjs';
}

function urlOf({ relativePath, format }: { relativePath: string; format: string }): string {
  if (isCommonJs(format as OutputOptions['format'])) {
    return `require('node:url').pathToFileURL(__dirname + ${JSON.stringify(`/${relativePath}`)}).href`;
  }
  return `new URL(${JSON.stringify(encodeURI(relativePath))}, import.meta.url).href`;
}

/** Has a bundler emit what workers load. */
export interface Emitter {
  /**
   * Bundles a task file by itself.
   *
   * @param file its path
   * @param context what the bundler gives to the transformation of the module that names the file
   * @returns an expression of JavaScript: the URL of the emitted file at run time, as text
   */
  emit(file: string, context: never): string;
  /**
   * Emits a file that workers load first, and what it imports.
   *
   * @param parts the file and those that it imports
   * @param context what the bundler gives to the transformation of the module that names the file
   * @returns an expression of JavaScript: the URL of the emitted file at run time, as text
   */
  emitEntry(parts: EntryParts, context: never): string;
}

/** Files that can be copied as they are. */
export interface EntryParts {
  /** Path of the file that the worker loads first. */
  readonly file: string;
  /** The format that it is written in, which it needs. */
  readonly format: 'cjs' | 'esm';
  /** Where the copy of `file` is to be, relative to the output folder. */
  readonly output: string;
  /** The contents of all files, by where their copies are to be. */
  readonly copies: ReadonlyMap<string, string>;
}

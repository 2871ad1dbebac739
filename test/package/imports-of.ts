import { readFile } from 'node:fs/promises';
import ts from 'typescript';

/** What a file names in its imports of either kind, and in those of its types. */
export async function importsOf(file: string): Promise<string[]> {
  const info = ts.preProcessFile(await readFile(file, 'utf8'), true, file.endsWith('.cjs'));
  return [...info.importedFiles, ...info.typeReferenceDirectives].map(({ fileName }) => fileName);
}

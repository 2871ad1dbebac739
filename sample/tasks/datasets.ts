import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// The package exports only its index; the data files are in the same folder.
const datasets = new URL('../data/', import.meta.resolve('vega-datasets'));

// Relative to the compiled file, sample/dist/tasks/datasets.js.
const ownData = new URL('../../data/', import.meta.url);

/** The text of a file of the vega-datasets package. Throws `ENOENT` if there is no such file. */
export function readDataset(name: string): string {
  // A chart specification names its file as a URL, which must not lead anywhere else.
  if (!/^[\w-]+\.(csv|json)$/.test(name)) throw new Error(`Not the name of a dataset: ${name}`);
  return readFileSync(new URL(name, datasets), 'utf8');
}

/** A JSON dataset. As with `JSON.parse`, the caller states its type. */
export function readJson<T>(name: string): T {
  return JSON.parse(readDataset(name)) as T;
}

/** The path of a file of the vega-datasets package, for libraries that read files themselves. */
export function datasetFile(name: string): string {
  return fileURLToPath(new URL(name, datasets));
}

/** The text of a file in `sample/data`. */
export function readOwn(name: string): string {
  return readFileSync(new URL(name, ownData), 'utf8');
}

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// The package exports its index only; the data files lie beside it.
const datasets = new URL('../data/', import.meta.resolve('vega-datasets'));

// Seen from the compiled file, sample/dist/tasks/datasets.js.
const ownData = new URL('../../data/', import.meta.url);

/** The text of a file of the vega-datasets package. Throws `ENOENT` if there is none of that name. */
export function readDataset(name: string): string {
  // A chart specification names its file as a URL: it must not lead anywhere else.
  if (!/^[\w-]+\.(csv|json)$/.test(name)) throw new Error(`Not the name of a dataset: ${name}`);
  return readFileSync(new URL(name, datasets), 'utf8');
}

/** A JSON dataset. The caller says what it holds, as with `JSON.parse`. */
export function readJson<T>(name: string): T {
  return JSON.parse(readDataset(name)) as T;
}

/** The path of a file of the vega-datasets package, for what reads files by itself. */
export function datasetFile(name: string): string {
  return fileURLToPath(new URL(name, datasets));
}

/** The text of a file in `sample/data`. */
export function readOwn(name: string): string {
  return readFileSync(new URL(name, ownData), 'utf8');
}

import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const path = (name) => join(import.meta.dirname, name);
const bundle = await rolldown({
  input: path('main.mjs'),
  external: /^(?:@nestjs\/|rxjs|piscina)/,
  platform: 'node',
});
await bundle.write({ dir: path('out'), entryFileNames: 'main.mjs' });
await copyFile(path('answer.tasks.mjs'), path('out/answer.tasks.mjs'));

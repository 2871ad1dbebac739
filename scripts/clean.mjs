// Empties the folders named on the command line, so that no build ships files without a source.
import { rmSync } from 'node:fs';

for (const folder of process.argv.slice(2)) rmSync(folder, { recursive: true, force: true });

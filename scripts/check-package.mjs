// Packs what is built, and has the tarball checked: that types resolve as the code does (attw), and
// that the manifest fits the files (publint). Fails if either finds fault.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = mkdtempSync(join(tmpdir(), 'nestjs-futures-'));
try {
  // Without scripts: a build in between would pull the files from under what runs meanwhile.
  const flags = ['--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', ...flags], { encoding: 'utf8' }));
  const tarball = join(folder, filename);
  run('attw', '--profile', 'esm-only', '--no-color', tarball);
  run('publint', 'run', '--strict', tarball);
} catch (error) {
  // A check that found fault has said so itself.
  if (error.status === undefined) throw error;
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(tool, ...args) {
  const path = fileURLToPath(new URL(`../node_modules/.bin/${tool}`, import.meta.url));
  execFileSync(process.execPath, [path, ...args], { stdio: 'inherit' });
}

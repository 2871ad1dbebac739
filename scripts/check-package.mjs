// Packs the build and checks the tarball: that types resolve like the code (attw), and that the
// manifest fits the files (publint). Fails if either finds a problem.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = mkdtempSync(join(tmpdir(), 'nestjs-futures-'));
try {
  // Without scripts: a build now would replace files that other processes are using.
  const flags = ['--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', ...flags], { encoding: 'utf8' }));
  const tarball = join(folder, filename);
  run('attw', '--no-color', tarball);
  run('publint', 'run', '--strict', tarball);
} catch (error) {
  // A check that found a problem has already printed it.
  if (error.status === undefined) throw error;
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(tool, ...args) {
  const path = fileURLToPath(new URL(`../node_modules/.bin/${tool}`, import.meta.url));
  execFileSync(process.execPath, [path, ...args], { stdio: 'inherit' });
}

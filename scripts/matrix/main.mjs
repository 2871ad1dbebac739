// Tries the packed package in the set-ups in which Nest runs, with README's example, and prints a
// table. `npm run matrix -- --node 20 --folder /tmp/matrix vitest jest` runs the rows whose names
// contain one of these words on that Node, and keeps what it installed and found for the next time.
// With --write, the table goes into docs/tools.md.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { MAJORS, nodeOf } from './nodes.mjs';
import { Project, ROOT, generate } from './project.mjs';
import { ROWS } from './rows.mjs';
import { Found, reasonOf, tableOf } from './table.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { node: { type: 'string' }, folder: { type: 'string' }, write: { type: 'boolean' } },
});
/** By major of Nest. */
const bases = new Map();
const majors = values.node?.split(',').map(Number) ?? MAJORS;
const rows = ROWS.filter(
  ({ name }) =>
    positionals.length === 0 ||
    positionals.some((word) => name.toLowerCase().includes(word.toLowerCase())),
);

const folder = resolve(values.folder ?? (await mkdtemp(join(tmpdir(), 'nestjs-futures-matrix-'))));
await mkdir(folder, { recursive: true });
try {
  const { tarball, shasum } = pack();
  const found = await Found.read(join(folder, 'results.json'), shasum);
  for (const row of rows) await tryRow(row, tarball, found);
  const table = tableOf(ROWS, MAJORS, found);
  console.log(table);
  if (values.write) await writeTable(table);
  if (ROWS.some((row) => row.limit === undefined && found.hasFailure(row))) process.exitCode = 1;
} finally {
  if (values.folder === undefined) await rm(folder, { recursive: true, force: true });
}

function pack() {
  const flags = ['--json', '--ignore-scripts', '--pack-destination', folder];
  const output = execFileSync('npm', ['pack', ...flags], { cwd: ROOT, encoding: 'utf8' });
  const [{ filename, shasum }] = JSON.parse(output);
  return { tarball: join(folder, filename), shasum };
}

/** Tries a set-up on each Node. */
async function tryRow(row, tarball, found) {
  const home = join(folder, row.name.replaceAll(/\W+/g, '-'));
  await rm(home, { recursive: true, force: true });
  let project;
  for (const major of majors) {
    if (row.nodes?.includes(major) === false) continue;
    const began = performance.now();
    let failure;
    try {
      const node = await nodeOf(major, folder);
      const base = await baseOf(row.nest, tarball);
      // As deep as the generated project, since that names the package by a relative path.
      project ??= await prepared(row, base, join(home, 'app'));
      await row.check(project.on(node));
    } catch (error) {
      if (error.output === undefined) throw error;
      failure = reasonOf(error);
    }
    await found.add(row, major, failure);
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.error(`${row.name}, Node ${major}: ${failure ?? 'ok'} (${seconds} s)`);
  }
  await rm(home, { recursive: true, force: true });
}

/** The generated project of a major of Nest, made when it is first needed. */
function baseOf(nest, tarball) {
  const base = bases.get(nest) ?? createBase(nest, tarball);
  bases.set(nest, base);
  return base;
}

/** The generated project; one that is there is used again, with the package as it is now. */
async function createBase(nest, tarball) {
  const home = join(folder, `nest-${nest}`);
  if (existsSync(join(home, 'app/node_modules'))) {
    const project = new Project(join(home, 'app'), nest, process.execPath);
    await project.install(`file:${tarball}`);
    return project;
  }
  await rm(home, { recursive: true, force: true });
  return generate(home, nest, process.execPath, tarball);
}

async function prepared(row, base, folder) {
  if (row.prepare === undefined) return base;
  const project = await base.copy(folder);
  await row.prepare(project);
  return project;
}

async function writeTable(table) {
  const file = join(ROOT, 'docs/tools.md');
  const text = await readFile(file, 'utf8');
  const marks = /(<!-- matrix: begin -->\n).*(<!-- matrix: end -->)/s;
  await writeFile(
    file,
    text.replace(marks, (_, begin, end) => `${begin}\n${table}\n\n${end}`),
  );
  execFileSync('npx', ['prettier', '--write', file], { cwd: ROOT });
}

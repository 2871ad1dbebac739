// Tries the packed package in the set-ups in which Nest runs, with README's example, and prints a
// table. `npm run matrix -- --node 20 --folder /tmp/matrix vitest` runs the rows that contain these
// words on that Node, and keeps what it installed for the next time.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { MAJORS, nodeOf } from './nodes.mjs';
import { Project, ROOT, generate } from './project.mjs';
import { ROWS } from './rows.mjs';
import { reasonOf, tableOf } from './table.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { node: { type: 'string' }, folder: { type: 'string' }, write: { type: 'boolean' } },
});
const majors = values.node?.split(',').map(Number) ?? MAJORS;
const rows = ROWS.filter(({ name }) =>
  positionals.every((word) => name.toLowerCase().includes(word.toLowerCase())),
);

const folder = values.folder ?? (await mkdtemp(join(tmpdir(), 'nestjs-futures-matrix-')));
await mkdir(folder, { recursive: true });
try {
  const results = await runAll(resolve(folder));
  console.log(tableOf(results, majors));
  if (values.write) await writeTable(tableOf(results, majors));
  if (
    results.some(({ row, cells }) => row.limit === undefined && [...cells.values()].some(Boolean))
  ) {
    process.exitCode = 1;
  }
} finally {
  if (values.folder === undefined) await rm(folder, { recursive: true, force: true });
}

/** Each row with its cells: why it failed, by major of Node; undefined if it did not. */
async function runAll(folder) {
  const tarball = pack(folder);
  const bases = new Map();
  const results = [];
  for (const [index, row] of rows.entries()) {
    const cells = new Map();
    let project;
    for (const major of majors) {
      if (row.nodes?.includes(major) === false) continue;
      const began = performance.now();
      let failure;
      try {
        const node = await nodeOf(major, folder);
        const base = await (bases.get(row.nest) ?? baseOf(row.nest));
        // As deep as the generated project, since that names the package by a relative path.
        project ??= await prepared(row, base, join(folder, `row-${index}`, 'app'));
        await row.check(project.on(node));
      } catch (error) {
        failure = reasonOf(error);
        if (error.output === undefined) console.error(error);
      }
      cells.set(major, failure);
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      console.error(`${row.name}, Node ${major}: ${failure ?? 'ok'} (${seconds} s)`);
    }
    results.push({ row, cells });
    if (row.prepare !== undefined)
      await rm(join(folder, `row-${index}`), { recursive: true, force: true });
  }
  return results;

  function baseOf(nest) {
    const base = createBase(folder, nest, tarball);
    bases.set(nest, base);
    return base;
  }
}

function pack(folder) {
  const flags = ['--json', '--ignore-scripts', '--pack-destination', folder];
  const output = execFileSync('npm', ['pack', ...flags], { cwd: ROOT, encoding: 'utf8' });
  return join(folder, JSON.parse(output)[0].filename);
}

/** The generated project; one that is there is used again, with the package as it is now. */
async function createBase(folder, nest, tarball) {
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
}

// Projects as their generators make them, with README's example in them.
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure, ask, run } from './shell.mjs';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ANSWER = 'ada cdea22de15b06947\n';
const QUIET = ['--no-audit', '--no-fund', '--prefer-offline'];

/** README's first example: its files, and the line for CommonJS. */
async function readExample() {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const blocks = Array.from(readme.matchAll(/```ts\n(.*?)```/gs), ([, code]) => code);
  const [tasks, controller, commonjs] = blocks;
  const esm = controller.match(/^export const tasks = .*?;\n/ms)[0];
  return { tasks, controller, commonjs: controller.replace(esm, commonjs) };
}

/** A project in a folder, on one version of Node. */
export class Project {
  constructor(folder, nest, node) {
    this.folder = folder;
    this.nest = nest;
    this.node = node;
  }

  /** @returns the same project on another Node */
  on(node) {
    return new Project(this.folder, this.nest, node);
  }

  /** A copy, for changes that the original must not get. */
  async copy(folder) {
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(this.folder)) {
      const [from, to] = [join(this.folder, name), join(folder, name)];
      // Packages are replaced, never written into, so that their files can be shared.
      const shared = name === 'node_modules' && process.platform === 'linux';
      if (shared) await run(folder, this.node, ['cp', '-al', from, to]);
      else await cp(from, to, { recursive: true, verbatimSymlinks: true });
    }
    await rm(join(folder, 'node_modules/.package-lock.json'), { force: true });
    return new Project(folder, this.nest, this.node);
  }

  run(...command) {
    return run(this.folder, this.node, command);
  }

  install(...packages) {
    return this.run('npm', 'install', ...QUIET, ...packages);
  }

  read(file) {
    return readFile(join(this.folder, file), 'utf8');
  }

  async write(file, text) {
    await mkdir(join(this.folder, file, '..'), { recursive: true });
    await writeFile(join(this.folder, file), text);
  }

  /** @throws Failure if nothing changed */
  async edit(file, change) {
    const before = await this.read(file);
    const after = change(before);
    if (after === before) throw new Failure(`${file} is not as expected`, before);
    await this.write(file, after);
  }

  async editJson(file, change) {
    const json = JSON.parse(await this.read(file));
    change(json);
    await this.write(file, JSON.stringify(json, null, 2));
  }

  /** @throws Failure if the app does not answer as README says */
  async answers(...command) {
    const { status, body, output } = await ask(this.folder, this.node, command, '/ada');
    if (status !== 200 || body !== ANSWER) throw new Failure(`answered ${status} ${body}`, output);
  }
}

/**
 * What `nest new` makes, installed, with the packed package and README's example in it.
 *
 * @param {string} folder where it is made
 * @param {11 | 12} nest
 * @param {string} node path of the Node that installs it
 * @param {string} tarball path of the packed package
 * @param {RegExp} [without] development packages that need not be installed
 * @returns {Promise<Project>}
 */
export async function generate(folder, nest, node, tarball, without) {
  await mkdir(folder, { recursive: true });
  const name = 'app';
  const cli = ['npm', 'exec', '--yes', `--package=@nestjs/cli@${nest}`, '--', 'nest'];
  const flags = ['--skip-git', '--skip-install', '--package-manager', 'npm'];
  await run(folder, node, [...cli, 'new', name, ...flags]);
  const project = new Project(join(folder, name), nest, node);
  await project.editJson('package.json', ({ devDependencies }) => {
    for (const each of Object.keys(devDependencies)) {
      if (without?.test(each) === true) delete devDependencies[each];
    }
  });
  await project.install(`file:${tarball}`);
  await addExample(project);
  return project;
}

async function addExample(project) {
  const { tasks, controller, commonjs } = await readExample();
  const isEsm = JSON.parse(await project.read('package.json')).type === 'module';
  const extension = isEsm ? '.js' : '';
  await project.write('src/print.tasks.ts', tasks);
  await project.write('src/page.controller.ts', isEsm ? controller : commonjs);
  await project.edit('src/app.module.ts', (text) =>
    `import { FuturesModule } from 'nestjs-futures';\nimport { PageController } from './page.controller${extension}';\n${text}`
      .replace('imports: []', 'imports: [FuturesModule.forRoot()]')
      .replace('[AppController]', '[AppController, PageController]'),
  );
  // The generated test, for README's route: beside the app's other e2e test, and as a unit test.
  await project.write('test/page.e2e-spec.ts', await project.read('test/app.e2e-spec.ts'));
  await project.edit('test/page.e2e-spec.ts', (text) => text.replace("get('/')", "get('/ada')"));
  await project.edit('test/page.e2e-spec.ts', (text) =>
    text.replace("'Hello World!'", JSON.stringify(ANSWER)),
  );
  const test = await project.read('test/page.e2e-spec.ts');
  await project.write('src/page.controller.spec.ts', test.replace('./../src/', './'));
}

/** Has the app use Fastify, as Nest's documentation says. */
export async function useFastify(project) {
  await project.install(`@nestjs/platform-fastify@^${project.nest}.0.0`);
  await project.edit('src/main.ts', (text) =>
    text.replace('create(AppModule)', 'create(AppModule, new FastifyAdapter())'),
  );
  await project.edit(
    'src/main.ts',
    (text) => `import { FastifyAdapter } from '@nestjs/platform-fastify';\n${text}`,
  );
}

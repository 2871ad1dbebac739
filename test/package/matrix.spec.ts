import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from '../../scripts/matrix/project.mjs';
import { ROWS } from '../../scripts/matrix/rows.mjs';
import { pack } from '../support/project.js';

/** What the tests of a generated project do not need. */
const UNUSED =
  /eslint|prettier|globals|source-map|^ts-(loader|node)$|tsconfig-paths|schematics|cli$/;

// The other rows of `npm run matrix` take too long for each run of all tests.
describe("a project that Nest 11's generator makes (CommonJS, ts-jest), with README's example in it", () => {
  let folder: string;
  let project: Awaited<ReturnType<typeof generate>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-futures-matrix-'));
    const { tarball } = await pack();
    project = await generate(folder, 11, process.execPath, tarball, UNUSED).catch(withOutput);
    const kit = await readFile(new URL('./apps/kit.jest-spec.ts', import.meta.url), 'utf8');
    await project.write('src/kit.spec.ts', kit);
  }, 240_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(
    ROWS.filter(({ name }) => name.includes('ts-jest')).map(({ name, check }) => [name, check]),
  )(
    'passes its tests: %s',
    async (_, check) => {
      await check(project).catch(withOutput);
    },
    120_000,
  );
});

/** Adds what the failed program printed. */
function withOutput(error: Error & { readonly output?: string }): never {
  throw new Error(`${error.message}\n${error.output ?? ''}`, { cause: error });
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ROOT } from '../support/project.js';

it('the package passes `npm run check:package`: types resolve, and the manifest fits the files', async () => {
  const { stdout } = await promisify(execFile)('npm', ['run', 'check:package'], {
    cwd: ROOT,
    timeout: 120_000,
  });
  expect(stdout).toContain('No problems found');
  expect(stdout).toContain('All good!');
}, 180_000);

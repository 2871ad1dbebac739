import { pathToFileURL } from 'node:url';
import { taskFile } from '../../src/index.js';
import { call, run } from '../support/executors.js';
import { describeWith } from '../support/services.js';
import { SourceProject } from '../support/source-project.js';
import { redisService, startExecutor, startWorker, testQueue } from './support.js';

describeWith(redisService, 'a worker of the queue', () => {
  it('runs task files from their sources', async () => {
    const files = {
      'report.tasks.ts': `
        import { Level } from './level.js';
        export const level = (by: number): number => Level.High * by;
      `,
      'level.ts': `export enum Level { High = 7 }`,
    };
    const project = await SourceProject.create({ files, packages: ['typescript'] });
    const path = project.path('report.tasks.js');
    const queue = testQueue();
    await startWorker(queue, { files: [pathToFileURL(path).href] });
    const { level } = taskFile<{ level(by: number): number }>(path);
    expect(await run(startExecutor(queue), call(level, [2]))).toEqual([14]);
  }, 30_000);
});

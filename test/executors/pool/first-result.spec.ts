import { taskFile } from '../../../src/index.js';
import { call, run, startThreads } from '../../support/executors.js';

const errors = taskFile<typeof import('../../fixtures/errors.tasks.js')>(
  new URL('../../fixtures/errors.tasks.js', import.meta.url),
);

describe('the first result of a new thread', () => {
  it('is not lost if it is posted, whichever message of the thread arrives first', async () => {
    for (let i = 0; i < 60; i++) {
      const [value] = await run(startThreads({ max: 1 }), call(errors.throwValue, [i]));
      expect(value).toBe(i);
    }
  }, 60_000);
});

import { SharedServer, survive, tasksOf } from './broken-workers.js';

const file = (name: string) => new URL(`./app/${name}.tasks.js`, import.meta.url);

/** Tasks that break a worker, by the executor that they are for. */
const SUITES = {
  thread: ['poison', 'thread-ports'],
  process: ['poison', 'process-channel'],
} as const;

const NAMES = {
  poison: await tasksOf(file('poison')),
  'thread-ports': await tasksOf(file('thread-ports')),
  'process-channel': await tasksOf(file('process-channel')),
};

const LONG = 90_000;

describe.each(['thread', 'process'] as const)('in a %s,', (executor) => {
  describe.each(SUITES[executor])('a task of %s', (name) => {
    const shared = new SharedServer(() => ({
      adapter: executor === 'thread' ? 'fastify' : 'express',
    }));
    it.each(NAMES[name])(
      'neither ends the app nor affects other calls: %s()',
      (task) => shared.use((server) => survive(server, { executor, file: file(name), task })),
      LONG,
    );
  });
});

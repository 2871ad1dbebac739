import { HostileServer } from './server.js';

const file = new URL('./app/streams.tasks.js', import.meta.url);

it('a task that closes the stderr of its child process does not close it for the app', async () => {
  const server = await HostileServer.start({ adapter: 'express' });
  try {
    const run = { executor: 'process', file };
    expect((await server.run({ ...run, task: 'endStderr' })).status).toBe(200);
    // The app logs these, to the same stream.
    for (let i = 0; i < 3; i++) {
      expect((await server.run({ ...run, task: 'fail' })).status).toBe(500);
    }
    await server.expectInnocent('process');
  } finally {
    server.killAlone();
  }
});

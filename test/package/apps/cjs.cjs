// A CommonJS app, in plain JavaScript: what a compiler makes of decorators is written out.
const { Controller, Get, Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { Future, Futures, FuturesModule, FuturesService, taskFile } = require('nestjs-futures');

const tasks = taskFile(require.resolve('./report.tasks.cjs'));

class Desk {
  constructor(futures) {
    this.futures = futures;
  }
  replayed(futures) {
    const report = futures.resultOrSubmit('report', 'placeholder', tasks.report, 20, 22);
    return { report, pass: futures.pass };
  }
  processed(futures) {
    const elsewhere = futures.using({ executor: 'process' });
    return elsewhere.resultOrSubmit('report', 'placeholder', tasks.report, 3, 4);
  }
  declared(report) {
    return { report };
  }
  injected() {
    return this.futures.resultOrSubmit('missing', 'placeholder', tasks.missing, 'report');
  }
}
Controller()(Desk);
Reflect.defineMetadata('design:paramtypes', [FuturesService], Desk);
for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(Desk.prototype))) {
  if (name !== 'constructor') Get(name)(Desk.prototype, name, descriptor);
}
Futures()(Desk.prototype, 'replayed', 0);
Futures()(Desk.prototype, 'processed', 0);
Future('report', { task: tasks.report, args: () => [1, 2] })(Desk.prototype, 'declared', 0);

class App {}
// What is left open stays so for longer than the test waits.
const futures = FuturesModule.forRoot({
  shutdownTimeout: 120_000,
  threads: { idleTimeout: 120_000 },
  processes: { idleTimeout: 120_000 },
});
Module({ imports: [futures], controllers: [Desk] })(App);

async function main() {
  const app = await NestFactory.create(App, { logger: ['warn', 'error'] });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address();
  const answers = { pid: process.pid };
  for (const path of ['replayed', 'processed', 'declared', 'injected']) {
    const response = await fetch(`http://127.0.0.1:${port}/${path}`);
    answers[path] = { status: response.status, body: await response.json() };
  }
  await app.close();
  console.log(JSON.stringify(answers));
}

void main();
// Nothing ends the process: it ends by itself, or the test fails.

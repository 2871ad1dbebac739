/**
 * The app under test, in a process of its own, so that a crash of it fails a test and not Jest:
 * node server.js '{"adapter": "fastify", "futures": {…}, "queue": {…}}'. Its decorators are applied by hand.
 */
// oxlint-disable-next-line import/no-unassigned-import -- it must run first, before another module keeps the original process.kill
import './guard.js';
import { Body, Controller, Get, HttpCode, Inject, Module, Param, Post, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Futures, FuturesModule, isFuturesException, taskFile, WorkerPool } from 'nestjs-futures';
import { bullmqExecutor } from 'nestjs-futures/bullmq';
import { Piscina } from 'piscina';
import { measure } from './measure.js';
import { build } from './values.js';

const options = JSON.parse(process.argv[2] ?? '{}');
const { adapter, futures, queue, ownPool, childOptions, clockStep } = options;

/** Handles of the files that were asked for: two of one file are two tasks. */
const handles = new Map();

/** Placeholder of all that the handlers ask for. */
const NOTHING_YET = '<placeholder>';

const url = (/** @type {string} */ name) => new URL(name, import.meta.url);
const hostile = taskFile(url('./hostile.tasks.js'));
const innocent = taskFile(url('./innocent.tasks.js'), { idempotent: true });
const gate = taskFile(url('../../fixtures/gate.tasks.js'), { idempotent: true });

/** The tasks of a case, by whether the value is returned, thrown, or passed to them. */
const TASKS = {
  returned: { sync: 'give', async: 'giveLater' },
  thrown: { sync: 'raise', async: 'raiseLater' },
  argument: { sync: 'take', async: 'takeLater' },
};

const PLAIN = {
  give: (name) => build(name),
  giveLater: async (name) => build(name),
  raise: (name) => {
    throw build(name);
  },
  raiseLater: async (name) => {
    throw build(name);
  },
  take: (value) => measure(value),
  takeLater: async (value) => measure(value),
  echo: (value) => value,
};

class Desk {
  constructor(pool) {
    this.pool = pool;
  }

  /** An odd value, returned or thrown by a task, or passed to one, or thrown by the handler itself. */
  async odd({ executor, place, manner, value, timeout }, futures, response) {
    if (place === 'handler') return throwHere(value, manner, futures);
    const task = TASKS[place][manner];
    if (place === 'argument') {
      const arg = build(value);
      const arrived = ask(response, futures, { executor, timeout, task, arg });
      return { arrived, sent: measure(arg) };
    }
    const result = ask(response, futures, { executor, timeout, task, arg: value });
    if (result === NOTHING_YET) return NOTHING_YET;
    // Now that the task has returned it, its promise is known to settle.
    return { arrived: measure(result), sent: measure(await build(value)) };
  }

  /** The data that the client has sent, passed to a task that gives it back. */
  body({ executor, isEchoed, data }, futures, response) {
    const result = ask(response, futures, { executor, task: 'echo', arg: data });
    return isEchoed ? { data: result } : { arrived: measure(result), sent: measure(data) };
  }

  /** Any task of any file. */
  run({ executor, file, task, idempotent, args, odd, timeout = 5_000 }, futures, response) {
    const handle = handlesOf(file, idempotent)[task];
    const given = odd === undefined ? args : [{ given: { odd: build(odd) } }];
    return answering(response, () => ({
      value: futures
        .using({ executor, timeout })
        .resultOrSubmit('run', NOTHING_YET, handle, ...given),
    }));
  }

  innocent(executor, n, futures, response) {
    const task = executor === 'plain' ? (a, b) => a + b : innocent.add;
    return answering(response, () => ({
      sum: using(futures, executor, 15_000).resultOrSubmit('sum', '', task, Number(n), 1),
    }));
  }

  /** Tasks that meet at a gate, which they can only do if as many run at once. */
  together(executor, port, count, futures) {
    return Array.from({ length: Number(count) }, (_, i) =>
      futures
        .using({ executor, timeout: 15_000 })
        .resultOrSubmit(`worker ${i}`, '', gate.enter, Number(port)),
    );
  }

  stats() {
    return this.pool.stats();
  }

  goodbye() {
    return 'goodbye';
  }
}

function handlesOf(file, idempotent) {
  const key = `${file} ${idempotent}`;
  if (!handles.has(key)) handles.set(key, taskFile(new URL(file), { idempotent }));
  return handles.get(key);
}

function throwHere(value, manner, futures) {
  const sum = futures.resultOrSubmit('sum', 0, innocent.add, 1, 2);
  if (sum === 0 && manner === 'sync') return NOTHING_YET;
  throw build(value);
}

function using(futures, executor, timeout) {
  return futures.using({ executor: executor === 'plain' ? 'inline' : executor, timeout });
}

function ask(response, futures, { executor, timeout = 10_000, task, arg }) {
  const handle = executor === 'plain' ? PLAIN[task] : hostile[task];
  return answering(response, () =>
    using(futures, executor, timeout).resultOrSubmit('odd', NOTHING_YET, handle, arg),
  );
}

/** Tells the test the error's code, path and message, beside what Nest answers. */
function answering(response, read) {
  try {
    return read();
  } catch (error) {
    if (isFuturesException(error)) {
      const { code, path = '', message } = error;
      for (const [name, text] of Object.entries({ code, path, reason: message })) {
        const value = encodeURI(text.slice(0, 300).toWellFormed());
        if (adapter === 'express') response.setHeader(`x-${name}`, value);
        else response.header(`x-${name}`, value);
      }
    }
    throw error;
  }
}

const passthrough = Res({ passthrough: true });
route('odd', [HttpCode(200), Post('odd')], [Body(), Futures(), passthrough]);
route('body', [HttpCode(200), Post('body')], [Body(), Futures(), passthrough]);
route('run', [HttpCode(200), Post('run')], [Body(), Futures(), passthrough]);
route(
  'innocent',
  [Get('innocent/:executor/:n')],
  [Param('executor'), Param('n'), Futures(), passthrough],
);
route(
  'together',
  [Get('together/:executor/:port/:count')],
  [Param('executor'), Param('port'), Param('count'), Futures()],
);
route('stats', [Get('stats')], []);
route('goodbye', [Get('goodbye')], []);
Inject(WorkerPool)(Desk, undefined, 0);
Controller()(Desk);

const { max } = futures.threads;
// As many as there may be from the start: an idle one that may end takes its loop along.
const pool = ownPool && new Piscina({ minThreads: max, maxThreads: max, atomics: 'async' });
pool?.on('error', () => {});

class App {}
Module({
  imports: [
    FuturesModule.forRoot({
      ...futures,
      ...(pool && { threads: { ...futures.threads, pool } }),
      ...(queue && { executors: { queue: bullmqExecutor(queue) } }),
    }),
  ],
  controllers: [Desk],
})(App);

const app = await NestFactory.create(App, await httpAdapter(), { logger: ['error', 'warn'] });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
// From here on: what is set before would be the app's own as well.
if (childOptions) process.env.NODE_OPTIONS = childOptions;
if (clockStep) stepClock(clockStep);
process.once('disconnect', () => process.exit());
process.send?.(await app.getUrl());

/** The wall clock steps, as by NTP. @param {number} ms */
function stepClock(ms) {
  const { now } = Date;
  Date.now = () => now() + ms;
}

function route(name, decorators, parameters) {
  const descriptor = Object.getOwnPropertyDescriptor(Desk.prototype, name);
  for (const decorate of decorators) decorate(Desk.prototype, name, descriptor);
  for (const [i, decorate] of parameters.entries()) decorate(Desk.prototype, name, i);
}

/** Loads only the one that is used. */
async function httpAdapter() {
  if (adapter === 'express') return new (await import('@nestjs/platform-express')).ExpressAdapter();
  return new (await import('@nestjs/platform-fastify')).FastifyAdapter();
}

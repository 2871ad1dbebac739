import { inspect } from 'node:util';
import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FuturesArgumentError, type TaskFile, taskFile } from '../../src/index.js';
import { isTaskHandle, taskReference } from '../../src/tasks/task.js';
import { call, run, startThreads } from '../support/executors.js';
import { goneTaskFile, withFile } from '../support/tasks.js';

type GlobalTasks = typeof import('../fixtures/global.tasks.js');
const URL_OF_FILE = new URL('../fixtures/global.tasks.js', import.meta.url);
const tasks = taskFile<GlobalTasks>(URL_OF_FILE);

const squareHere = () => tasks.square(3);

describe('taskFile', () => {
  it('loads the file in the worker only', async () => {
    expect(await run(startThreads(), call(tasks.isLoaded, []))).toEqual([true]);
    expect('taskFileIsLoaded' in globalThis).toBe(false);
  });

  it('finds named and default exports, functions and arrow functions', async () => {
    const calls = [call(tasks.square, [3]), call(tasks.default, [])];
    expect(await run(startThreads(), ...calls)).toEqual([9, 'by default']);
  });

  it('accepts a URL, a file: URL as text, and an absolute path, and treats them alike', async () => {
    const sources = [URL_OF_FILE, URL_OF_FILE.href, URL_OF_FILE.pathname];
    for (const source of sources) {
      const { square } = taskFile<GlobalTasks>(source);
      expect(taskReference(square)).toEqual({
        id: 'global.square',
        url: URL_OF_FILE.href,
        exportName: 'square',
        run: undefined,
        idempotent: false,
      });
    }
    const { square } = taskFile<GlobalTasks>(URL_OF_FILE.pathname);
    expect(await run(startThreads(), call(square, [4]))).toEqual([16]);
  });

  it('finds a file whose path needs escaping', () => {
    const reference = ({ square }: TaskFile<GlobalTasks>) => taskReference(square);
    const { url, id } = withFile('my 100%#.tasks.js', (path) => reference(taskFile(path)));
    expect([url, id]).toEqual([
      expect.stringMatching(/\/my%20100%25%23\.tasks\.js$/),
      'my 100%#.square',
    ]);
  });

  it.each([
    ['a relative path', './report.tasks.js', './report.tasks.js'],
    ['a bare name', 'report', '"report"'],
    ['an http URL', new URL('http://localhost/report.js'), 'http://localhost/report.js'],
    ['a data URL', 'data:text/javascript,export const f = 1', 'data:text/javascript'],
    ['nothing', undefined, 'undefined'],
    ['an object', {}, 'object'],
  ])('refuses %s, and says what to pass instead', (_name, url, shown) => {
    const make = () => taskFile(url as string);
    expect(make).toThrow(FuturesArgumentError);
    expect(make).toThrow('import.meta.url');
    expect(make).toThrow('require.resolve');
    expect(make).toThrow(shown);
  });

  it.each([
    [
      'is not there',
      'file:///nowhere/report.tasks.js',
      'There is no file /nowhere/report.tasks.js',
    ],
    ['is a directory', new URL('../fixtures/', import.meta.url), 'is a directory'],
    ['lacks its extension', URL_OF_FILE.href.replace(/\.js$/, ''), 'Write its extension: ".js"'],
    ['is on another host', 'file://host/report.tasks.js', 'not the path of a file'],
  ])('refuses a file that %s at once', (_name, url, shown) => {
    const make = () => taskFile(url);
    expect(make).toThrow(FuturesArgumentError);
    expect(make).toThrow(shown);
  });

  it('accepts the name of a built file if only its source is there, in TypeScript', () => {
    for (const [source, built] of [
      ['a.tasks.ts', 'a.tasks.js'],
      ['a.tasks.mts', 'a.tasks.mjs'],
      ['a.tasks.cts', 'a.tasks.cjs'],
    ] as const) {
      withFile(source, (path) => {
        expect(() => taskFile(path.replace(source, built))).not.toThrow();
        expect(() => taskFile(path.replace(source, 'b.tasks.js'))).toThrow('There is no file');
      });
    }
  });

  it.each([
    ['the number of a module', 823 as never],
    ['the number of a module, as text', '823'],
    ['a module object in place of a URL', 'file:///app/dist/[object%20Module]'],
  ])('says that webpack or rspack has put %s there', (_name, url) => {
    expect(() => taskFile(url)).toThrow(
      /bundled by webpack or rspack.*taskFiles\.webpack\(\).*nestjs-futures\/bundler/,
    );
  });

  it.each([
    ['8023060ca338d73b065d.ts', ''],
    ['8023060ca338d73b065d.js', `import { sum } from './sum.js';`],
    ['8023060ca338d73b065d.js', `const { sum } = require("../sum");`],
  ])('says that a bundler has copied the source to %s', (name, content) => {
    withFile(
      name,
      (path) => expect(() => taskFile(path)).toThrow(/copy of a source file.*taskFiles/),
      content,
    );
  });

  it('accepts a copy that imports nothing from beside it', () => {
    const content = `import { cpus } from 'node:os'; export const count = () => cpus().length;`;
    const name = '8023060ca338d73b065d.js';
    withFile(name, (path) => expect(() => taskFile(path)).not.toThrow(), content);
  });

  it.each([
    ['report.tasks.js', 'report'],
    ['report.task.js', 'report'],
    ['report.js', 'report'],
    ['report.tasks.mjs', 'report'],
    ['report.tasks.cjs', 'report'],
    ['report.tasks.ts', 'report'],
    ['big.report.tasks.js', 'big.report'],
    ['tasks.js', 'tasks'],
  ])('names the tasks of %s %s.…', (file, name) => {
    const { square } = goneTaskFile<GlobalTasks>(file);
    expect(taskReference(square).id).toBe(`${name}.square`);
  });

  it('names the tasks after the option', () => {
    const { square } = taskFile<GlobalTasks>(URL_OF_FILE, { name: 'math', idempotent: true });
    expect(taskReference(square)).toMatchObject({ id: 'math.square', idempotent: true });
  });

  it.each([
    [{ name: '' }, 'name'],
    [{ name: 5 }, 'name'],
    [{ idempotent: 'yes' }, 'idempotent'],
    [{ idempotant: true }, 'idempotant'],
    [null, 'null'],
    ['report', 'report'],
  ])('refuses the options %p', (options, name) => {
    const make = () => taskFile(URL_OF_FILE, options as object);
    expect(make).toThrow(FuturesArgumentError);
    expect(make).toThrow(name);
  });

  it('has a handle for any name, since the file may not be loaded yet', () => {
    const { renderRepotr } = tasks as unknown as Record<string, () => void>;
    expect(renderRepotr).toBeInstanceOf(Function);
    expect(isTaskHandle(renderRepotr as () => void)).toBe(true);
  });
});

describe('a handle', () => {
  it('is the same object each time, so that it can be compared', () => {
    expect(tasks.square).toBe(tasks.square);
    expect(tasks.square).not.toBe(taskFile<GlobalTasks>(URL_OF_FILE).square);
  });

  it('throws if it is called, and says what to do instead', () => {
    expect(squareHere).toThrow(FuturesArgumentError);
    expect(squareHere).toThrow('global.square is the handle of a task');
    expect(squareHere).toThrow('WorkerPool.run()');
  });

  it('has the name of its function', () => {
    expect(tasks.square.name).toBe('square');
    expect(inspect(tasks.square)).toContain('square');
  });
});

describe('the object of handles', () => {
  it('may be awaited, and returned from an async function', async () => {
    const load = async () => tasks;
    expect((await load()).square).toBe(tasks.square);
    expect((await Promise.resolve(tasks)).square).toBe(tasks.square);
  });

  it('may be logged and converted to JSON', () => {
    expect(() => inspect(tasks)).not.toThrow();
    expect(() => JSON.stringify({ tasks })).not.toThrow();
  });

  it('may be a provider: Nest finds no lifecycle hooks in it', async () => {
    const TASKS = 'TASKS';
    @Injectable()
    class Report {
      constructor(@Inject(TASKS) readonly tasks: unknown) {}
    }
    @Module({
      providers: [
        Report,
        { provide: TASKS, useFactory: async () => tasks },
        { provide: 'AS_VALUE', useValue: tasks },
      ],
    })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    expect(app.get(Report).tasks).toBe(tasks);
    await app.close();
  });
});

describe('a plain function as a task', () => {
  it('uses its own name as its id', () => {
    expect(taskReference(function fetchRates() {})).toMatchObject({
      id: 'fetchRates',
      url: undefined,
      exportName: undefined,
      idempotent: false,
    });
    expect(taskReference(() => {}).id).toBe('anonymous');
  });

  it.each([['text'], [null], [undefined], [{}]])('cannot be %p', (task) => {
    expect(() => taskReference(task, 'k')).toThrow(FuturesArgumentError);
    expect(() => taskReference(task, 'k')).toThrow('taskFile()');
  });
});

import { taskFile } from '../../../src/index.js';
import { ProcessExecutor } from '../../../src/executors/process.executor.js';
import { resolveOptions } from '../../../src/request/futures.options.js';
import type { AnyFunction } from '../../../src/wire/protocol.js';
import { call, run, startThreads } from '../../support/executors.js';
import { NEST, SourceProject, type SourceProjectOptions } from '../../support/source-project.js';

type Tasks = Record<string, AnyFunction>;

/** All that a compiler has to change, in a task file and a module for its tasks. */
const FILES = {
  'src/report.tasks.ts': `
    import { taskContext } from 'nestjs-futures/task';
    import { Level, type Unit } from './units.js';
    import { double } from './double';

    const context = taskContext(async () => (await import('./report.module.js')).ReportModule);

    class Point {
      constructor(readonly x: number, private readonly unit: Unit = { level: Level.High }) {}
      get level() { return this.unit.level; }
    }

    export function plain(n: number): number { return double(n) as number; }
    export function level(): number { return new Point(1).level; }
    export async function inject(): Promise<string> {
      const { ReportService } = await import('./report.service.js');
      return (await context.get(ReportService)).name();
    }
    interface Filler {
      readonly a: string;
    }
    export function fail(filler?: Filler): never {
      throw new Error('failed ' + String(filler?.a));
    }
  `,
  'src/units.ts': `
    export enum Level { Low = 1, High = 7 }
    export interface Unit { readonly level: Level }
  `,
  'src/double.ts': `export const double = (n: number): number => 2 * n;`,
  'src/report.service.ts': `
    import { Injectable } from '@nestjs/common';
    @Injectable()
    export class NameService { name = 'by type'; }
    @Injectable()
    export class ReportService {
      constructor(private readonly names: NameService) {}
      name() { return this.names.name; }
    }
  `,
  'src/report.module.ts': `
    import { Module } from '@nestjs/common';
    import { NameService, ReportService } from './report.service.js';
    @Module({ providers: [NameService, ReportService] })
    export class ReportModule {}
  `,
};

const COMPILERS = ['@swc/core', 'typescript'];
const FORMATS = ['module', 'commonjs'] as const;
const CASES = COMPILERS.flatMap((compiler) => FORMATS.map((format) => ({ compiler, format })));

function create(options: Partial<SourceProjectOptions>): Promise<SourceProject> {
  return SourceProject.create({
    files: FILES,
    ...options,
    packages: [...NEST, ...(options.packages ?? [])],
  });
}

function tasksOf(project: SourceProject, file = 'src/report.tasks.js'): Tasks {
  return taskFile<Tasks>(project.path(file));
}

describe.each(CASES)(
  'a task file from its source, with $compiler, as $format',
  ({ compiler, format }) => {
    let tasks: Tasks;
    let project: SourceProject;

    beforeAll(async () => {
      project = await create({ packages: [compiler], type: format });
      tasks = tasksOf(project);
    });

    it('runs, with enums, parameter properties, decorators and their metadata', async () => {
      const calls = ['plain', 'level', 'inject'].map((name) => call(tasks[name]!, [2]));
      expect(await run(startThreads(), ...calls)).toEqual([4, 7, 'by type']);
    });

    it('shows the line of the source in stacks', async () => {
      const [error] = await run(startThreads(), call(tasks.fail!, []));
      expect((error as Error).stack).toContain('app/src/report.tasks.ts:23:13');
    });

    it('runs in a process', async () => {
      const processes = new ProcessExecutor({ ...resolveOptions().processes, max: 1 });
      try {
        const calls = ['plain', 'level', 'inject'].map((name) => call(tasks[name]!, [2]));
        expect(await run(processes, ...calls)).toEqual([4, 7, 'by type']);
      } finally {
        await processes.close({ timeout: 0 });
      }
    });
  },
);

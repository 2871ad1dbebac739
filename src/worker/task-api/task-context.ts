import type {
  Abstract,
  DynamicModule,
  INestApplicationContext,
  LoggerService,
  LogLevel,
  Type,
} from '@nestjs/common';
import { describe } from '../../errors/text.js';
import { currentTask } from '../current-task.js';
import { taskContexts, type Closeable, type Openable } from '../task-contexts.js';

/** Options of {@link taskContext}. */
export interface TaskContextOptions {
  /**
   * What the context logs with, as in `NestFactory`.
   * Default: errors and warnings to the console in a worker; the app's own logger elsewhere.
   */
  readonly logger?: LoggerService | LogLevel[] | false;
}

/** A module, in any form that `@Module({ imports })` takes. */
export type ContextModule = Type | DynamicModule;

/** What identifies a provider. */
export type ProviderToken<T> = Type<T> | Abstract<T> | string | symbol;

/**
 * The providers of a module, for the tasks of a task file. See {@link taskContext}.
 *
 * @publicApi
 */
export interface TaskContext {
  /**
   * The provider of a token, from any module in the context.
   *
   * @throws what starting the context throws, and Nest's errors for a token that is unknown or
   *   belongs to a request-scoped or transient provider
   */
  get<T>(token: ProviderToken<T>): Promise<T>;

  /** A new instance of a request-scoped or transient provider. */
  resolve<T>(token: ProviderToken<T>): Promise<T>;

  /** Closes the application context. Workers do that themselves; a test may have to. */
  close(): Promise<void>;
}

/**
 * Gives the tasks of a task file the providers of a module, including a database connection, in the
 * worker. Each worker creates one application context when a task first asks for it, and closes it
 * before it exits: at shutdown, when idle for too long, and when it is replaced. The time to create
 * it does not count as the task's, up to 10 000 ms.
 *
 * A worker that is killed, because its task timed out or broke it, closes nothing: the server sees
 * its connections break.
 *
 * @param load returns the module; it is called when the context is first needed
 *
 * @example
 * ```ts
 * const context = taskContext(async () => (await import('./reports.module.js')).ReportsModule);
 *
 * export async function delaysByMonth(year: number): Promise<MonthlyDelay[]> {
 *   const reports = await context.get(ReportsService);
 *   return reports.delaysByMonth(year);
 * }
 * ```
 *
 * @publicApi
 */
export function taskContext(
  load: () => ContextModule | Promise<ContextModule>,
  options: TaskContextOptions = {},
): TaskContext {
  if (typeof (load as unknown) !== 'function') {
    throw new TypeError(
      'taskContext(): the first argument must be a function that gives the module: taskContext(() => ReportsModule).',
    );
  }
  return new LazyContext(load, options);
}

class LazyContext implements TaskContext, Closeable, Openable {
  readonly #load: Parameters<typeof taskContext>[0];
  readonly #options: TaskContextOptions;
  #opening: Promise<INestApplicationContext> | undefined;

  constructor(load: Parameters<typeof taskContext>[0], options: TaskContextOptions) {
    this.#load = load;
    this.#options = options;
    taskContexts.declared?.push(this);
  }

  async get<T>(token: ProviderToken<T>): Promise<T> {
    return (await this.open()).get<T>(token, { strict: false });
  }

  async resolve<T>(token: ProviderToken<T>): Promise<T> {
    return (await this.open()).resolve<T>(token, undefined, { strict: false });
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    taskContexts.delete(this);
    // A context that failed to open needs no closing.
    const context = await opening?.catch(() => undefined);
    await context?.close();
  }

  open(): Promise<INestApplicationContext> {
    this.#opening ??= currentTask.load(this.#create());
    return this.#opening;
  }

  async #create(): Promise<INestApplicationContext> {
    taskContexts.add(this);
    try {
      const module = await this.#load();
      checkModule(module);
      const { NestFactory } = await import('@nestjs/core');
      const { logger = taskContexts.inWorker ? IN_WORKER : undefined } = this.#options;
      return await NestFactory.createApplicationContext(module, {
        abortOnError: false,
        ...(logger === undefined ? {} : { logger }),
      });
    } catch (error) {
      // The next task tries again: the database may be back by then.
      this.#opening = undefined;
      taskContexts.delete(this);
      throw error;
    }
  }
}

const IN_WORKER: LogLevel[] = ['fatal', 'error', 'warn'];

function checkModule(module: unknown): void {
  if (typeof module === 'function') return;
  if (typeof module === 'object' && module !== null && 'module' in module) return;
  throw new TypeError(
    `taskContext(): the function must give a module class or a dynamic module, but gave ${describe(module)}. ` +
      `Of an imported file, take the class: taskContext(async () => (await import('./reports.module.js')).ReportsModule).`,
  );
}

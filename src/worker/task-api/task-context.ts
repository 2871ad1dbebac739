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
import { taskContexts, type Closeable } from '../task-contexts.js';

/** Options of {@link taskContext}. */
export interface TaskContextOptions {
  /**
   * What the context logs with, as `NestFactory` takes it.
   * Default: errors and warnings to the console in a worker; the app's own logger elsewhere.
   */
  readonly logger?: LoggerService | LogLevel[] | false;
}

/** A module, however `@Module({ imports })` takes it. */
export type ContextModule = Type | DynamicModule;

/** What a provider is looked up by. */
export type ProviderToken<T> = Type<T> | Abstract<T> | string | symbol;

/**
 * The providers of a module, for the tasks of a task file. See {@link taskContext}.
 *
 * @publicApi
 */
export interface TaskContext {
  /**
   * The provider of that token, of whatever module in the context.
   *
   * @throws what the start of the context throws, and Nest's errors for a token that is unknown or
   *   of a request-scoped or transient provider
   */
  get<T>(token: ProviderToken<T>): Promise<T>;

  /** A new instance of a request-scoped or transient provider. */
  resolve<T>(token: ProviderToken<T>): Promise<T>;

  /** Closes the application context. Workers do so themselves; a test may have to. */
  close(): Promise<void>;
}

/**
 * Gives the tasks of a task file providers of a module, a database connection included, in the
 * worker. Each worker makes one application context of the module, when a task first asks for it,
 * and closes it before it ends: at shutdown, when it is idle for too long, and when it is recycled.
 * The time to make it does not count as the task's, up to 10 000 ms.
 *
 * A worker that is killed, since its task is out of time or breaks it, closes nothing: the server
 * sees its connections break.
 *
 * @param load gives the module; it is not asked before the context is needed
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

class LazyContext implements TaskContext, Closeable {
  readonly #load: Parameters<typeof taskContext>[0];
  readonly #options: TaskContextOptions;
  #opening: Promise<INestApplicationContext> | undefined;

  constructor(load: Parameters<typeof taskContext>[0], options: TaskContextOptions) {
    this.#load = load;
    this.#options = options;
  }

  async get<T>(token: ProviderToken<T>): Promise<T> {
    return (await this.#open()).get<T>(token, { strict: false });
  }

  async resolve<T>(token: ProviderToken<T>): Promise<T> {
    return (await this.#open()).resolve<T>(token, undefined, { strict: false });
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    taskContexts.delete(this);
    // One that could not be opened is not there to be closed.
    const context = await opening?.catch(() => undefined);
    await context?.close();
  }

  #open(): Promise<INestApplicationContext> {
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

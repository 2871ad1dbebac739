import { FuturesContextError, type AnyFunction, type FuturesReport } from '../index.js';
import { OVERRIDES, type Assignment, type Overrides } from '../testing-internals.js';
import { GivenOutcomes, type FuturesOverrides, type RecordedCall } from './given-outcomes.js';

/** The part of Nest's `TestingModuleBuilder` that is used. */
export interface OverridableModule {
  overrideProvider(token: symbol): { useFactory(options: { factory: () => unknown }): unknown };
}

/**
 * Gives an app under test values for keys and stand-ins for tasks, wherever it asks: by
 * `FuturesService`, `@Futures()`, `@Future` or `WorkerPool`. The rest of the app works as in
 * production: passes are discarded and replayed. What has no override runs on its executor.
 *
 * @param module what `Test.createTestingModule()` returned, before `compile()`
 * @returns what the app asks for from now on, and the way to change the overrides
 * @throws FuturesOptionsError if an override is unknown, of the wrong type or given twice
 *
 * @example
 * ```ts
 * const builder = Test.createTestingModule({ imports: [AppModule] });
 * const futures = overrideFutures(builder, { results: { 'chart:1': '<svg/>' } });
 * const app = (await builder.compile()).createNestApplication();
 * ```
 *
 * @publicApi
 */
export function overrideFutures<const Tasks extends readonly AnyFunction[] = []>(
  module: OverridableModule,
  overrides: FuturesOverrides<Tasks> = {},
): OverriddenFutures {
  const futures = new OverriddenFutures();
  futures.use(overrides);
  module.overrideProvider(OVERRIDES).useFactory({ factory: () => futures.forApp() });
  return futures;
}

/**
 * The overrides of an app under test, and what the app has asked for since it started or since the
 * last {@link use}.
 *
 * @publicApi
 */
export class OverriddenFutures {
  #current = new GivenOutcomes({});
  #hasApp = false;

  /**
   * Replaces all overrides, and forgets what was asked for: for a test that needs other values than
   * the one before it.
   *
   * @throws FuturesOptionsError if an override is unknown, of the wrong type or given twice
   */
  use<const Tasks extends readonly AnyFunction[] = []>(
    overrides: FuturesOverrides<Tasks> = {},
  ): void {
    this.#current = new GivenOutcomes(overrides as FuturesOverrides);
  }

  /** The calls that the app has made, in that order, with and without overrides. */
  get calls(): readonly RecordedCall[] {
    return this.#outcomes.calls;
  }

  /** The arguments of each call of one task. */
  argsOf<Task extends AnyFunction>(task: Task): readonly Parameters<Task>[] {
    return this.#outcomes.argsOf(task) as unknown as readonly Parameters<Task>[];
  }

  /**
   * One report for each request that used futures, with its passes and its futures; in GraphQL, one
   * for each resolver.
   */
  get requests(): readonly FuturesReport[] {
    return this.#outcomes.requests;
  }

  /** Overrides that nothing has asked for, such as `results["chart:1"]`. */
  get unused(): readonly string[] {
    return this.#outcomes.unused;
  }

  /**
   * Fails if nothing has asked for an override: its key or its task may be misspelt.
   *
   * @throws FuturesOptionsError with the unused overrides and what was asked for instead
   */
  assertAllUsed(): void {
    this.#outcomes.assertAllUsed();
  }

  /** @internal */
  forApp(): Overrides {
    this.#hasApp = true;
    return {
      replace: (assignment: Assignment) => this.#current.replace(assignment),
      watch: (report) => this.#current.watch(report),
    };
  }

  /** @throws FuturesContextError if no app has these overrides */
  get #outcomes(): GivenOutcomes {
    if (this.#hasApp) return this.#current;
    throw new FuturesContextError(
      'No app has the overrides of overrideFutures(). Give it the builder that Test.createTestingModule() returned, ' +
        'call compile() on that same builder, and see that the app imports FuturesModule.forRoot().',
    );
  }
}

import { ConfigurableModuleBuilder, Scope, type Provider } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { FuturesContextError, FuturesOptionsError } from './errors/index.js';
import { Executors } from './executors/executors.js';
import { OVERRIDES, type Overrides } from './executors/overrides.js';
import { FuturesInterceptor } from './replay/futures.interceptor.js';
import { resolveOptions, type FuturesModuleOptions } from './request/futures.options.js';
import { is, oneOf, option, resolve, type Given } from './errors/options.js';
import { FuturesRuntime } from './request/futures.runtime.js';
import { FuturesService } from './futures.service.js';
import { currentPass, ledgerOf } from './request/request-ledger.js';
import type { Ledger } from './request/ledger.js';
import { noPassError } from './request/no-pass.js';
import { WorkerPool } from './worker-pool.js';

const EXTRAS = {
  /** Whether every module can inject the module's providers. Default: true. */
  isGlobal: option<boolean>(is.boolean, true),
  /**
   * `request`: `FuturesService` is request-scoped, and so is what injects it. `singleton`: one
   * instance, which finds its request through `AsyncLocalStorage`. Default: `request`.
   */
  scope: option<'request' | 'singleton'>(oneOf(['request', 'singleton']), 'request'),
};

/** Extra options of `forRoot()` and `forRootAsync()` that shape the module itself. */
export type FuturesModuleExtras = Given<typeof EXTRAS>;

/**
 * The provider of the module's options. A test may replace them:
 * `.overrideProvider(FUTURES_OPTIONS).useValue({ executor: 'inline' })`.
 *
 * @publicApi
 */
export const FUTURES_OPTIONS = Symbol('FUTURES_OPTIONS');

/** @internal */
export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<FuturesModuleOptions>({
    optionsInjectionToken: FUTURES_OPTIONS,
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createFuturesOptions')
    .setExtras<FuturesModuleExtras>(resolve(EXTRAS, {}), (definition, all) => {
      const { isGlobal, scope } = resolve(EXTRAS, { isGlobal: all.isGlobal, scope: all.scope });
      return {
        ...definition,
        global: isGlobal,
        providers: [
          ...(definition.providers ?? []),
          {
            provide: FuturesRuntime,
            useFactory: (input: FuturesModuleOptions, overrides: Overrides | null) => {
              const options = resolveOptions(input);
              const usesContext = scope === 'singleton';
              return new FuturesRuntime(options, new Executors(options), usesContext, overrides);
            },
            inject: [FUTURES_OPTIONS, OVERRIDES],
          },
          // A factory: on Nest 11, a test cannot replace a value by a factory.
          { provide: OVERRIDES, useFactory: () => null },
          scope === 'request' ? requestScoped : singleton,
          workerPool,
          FuturesInterceptor,
        ],
        exports: [FuturesService, WorkerPool],
      };
    })
    .build();

/**
 * The module's providers without `forRoot()`: if anything needs one, the app fails at startup with
 * an error that says so. The providers of `forRoot()` have the same tokens, and replace these.
 *
 * @internal
 */
export const WITHOUT_FOR_ROOT: Provider[] = [FuturesRuntime, FuturesService, WorkerPool].map(
  (provide) => ({
    provide,
    useFactory: () => {
      throw new FuturesOptionsError(
        'FuturesModule is imported without forRoot(), so it has no options and no executors. ' +
          'Write imports: [FuturesModule.forRoot()] in the root module; other modules need not import it, since it is global.',
      );
    },
  }),
);

const requestScoped: Provider = {
  provide: FuturesService,
  scope: Scope.REQUEST,
  useFactory: (runtime: FuturesRuntime, request: object | undefined) =>
    new FuturesService(() => ledgerOf(request) ?? contextLedger(runtime, 'request', request)),
  inject: [FuturesRuntime, REQUEST],
};

const singleton: Provider = {
  provide: FuturesService,
  useFactory: (runtime: FuturesRuntime) =>
    new FuturesService(() => contextLedger(runtime, 'singleton')),
  inject: [FuturesRuntime],
};

const workerPool: Provider = {
  provide: WorkerPool,
  useFactory: (runtime: FuturesRuntime) => new WorkerPool(runtime),
  inject: [FuturesRuntime],
};

/** @throws FuturesContextError if no pass of this app is running */
function contextLedger(
  runtime: FuturesRuntime,
  scope: 'request' | 'singleton',
  request?: object,
): Ledger {
  const pass = currentPass.getStore();
  if (pass?.ledger.runtime === runtime) {
    if (!pass.isDiscarded && pass.ledger.pass.isRunning) return pass.ledger;
    // The asking code may belong to another request: it would get this request's values.
    throw new FuturesContextError(
      'FuturesService was used after its pass had ended: by code that the handler did not await, or that runs in the async context of another request ' +
        '(a pool, a batch loader, an event emitter). Await what the handler starts; bind what others call with AsyncResource.bind(); ' +
        "or take the service with @Futures(), or request-scoped (scope: 'request'), which find it by the request.",
    );
  }
  throw noPassError(scope, request);
}

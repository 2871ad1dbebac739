import { type ExecutionContext, Logger, type PipeTransform } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { logThrown } from '../errors/text.js';
import type { Outcome } from '../executors/executor.js';
import type { CancellationSource } from '../executors/cancellation.js';
import type { Assignment, Executors } from '../executors/executors.js';
import type { Overrides } from '../executors/overrides.js';
import { adapterOf } from '../http/adapter.js';
import { type CallOrigin, areCallsTraced, traceCalls } from './diagnostics.js';
import type { ResolvedOptions } from './futures.options.js';

const logger = new Logger('Futures');

/** Time before a warning is repeated, in ms, and how many warnings are remembered. */
const WARN_EVERY = 60_000;
const MAX_WARNINGS = 1_000;

/**
 * The state that all requests of one app share. Each app in a process has its own.
 *
 * @internal
 */
export class FuturesRuntime {
  /** Identifies the app to those who listen to the tracing channels. */
  readonly app: object = Object.freeze({});
  /** The pipes of the app's routes; undefined until the app is initialised. */
  routePipes: RoutePipes | undefined;
  #isShuttingDown = false;
  #shutdownTimer: NodeJS.Timeout | undefined;
  #shutdownDeadline = 0;
  readonly #warnedAt = new Map<string, number>();

  constructor(
    readonly options: ResolvedOptions,
    readonly executors: Executors,
    /** Whether `FuturesService` finds its ledger through the async context, even over HTTP. */
    readonly usesContext: boolean,
    /** What a test has put between the app and its executors. */
    readonly overrides?: Overrides | null,
  ) {}

  /** Runs all calls, one batch per executor; resolves to the outcomes in the order of the calls. */
  run(
    assignments: readonly Assignment[],
    source?: CancellationSource,
    origin?: CallOrigin,
  ): Promise<Outcome[]> {
    const { overrides } = this;
    const run = () =>
      this.executors.run(
        overrides ? assignments.map((each) => overrides.replace(each)) : assignments,
        source,
      );
    return areCallsTraced() ? traceCalls(run, assignments, this.app, origin) : run();
  }

  /** Whether a warning of this name may be logged now: at most once per minute. */
  mayWarn(name: string): boolean {
    const now = performance.now();
    if (now - (this.#warnedAt.get(name) ?? -Infinity) < WARN_EVERY) return false;
    if (this.#warnedAt.size >= MAX_WARNINGS) this.#warnedAt.clear();
    this.#warnedAt.set(name, now);
    return true;
  }

  /** Whether new requests may no longer submit futures. */
  get isShuttingDown(): boolean {
    return this.#isShuttingDown;
  }

  /** In-flight requests go on; their futures fail once `shutdownTimeout` is over. */
  beginShutdown(): void {
    if (this.#isShuttingDown) return;
    this.#isShuttingDown = true;
    this.#shutdownDeadline = performance.now() + this.options.shutdownTimeout;
    this.#shutdownTimer = setTimeout(() => {
      this.executors.close(0).catch((error: unknown) => logThrown(logger, error));
    }, this.options.shutdownTimeout);
  }

  /** Call it when no request is in flight any more. */
  async endShutdown(): Promise<void> {
    this.beginShutdown();
    clearTimeout(this.#shutdownTimer);
    await this.executors.close(Math.max(0, this.#shutdownDeadline - performance.now()));
  }
}

const RUNTIME = Symbol.for('nestjs-futures.runtime');

/**
 * Stores the runtime on the HTTP server's instance (the Express app or the Fastify instance). A
 * parameter decorator, which Nest does not inject into, finds it there through the request.
 *
 * @internal
 */
export function attachRuntime(server: object, runtime: FuturesRuntime): void {
  (server as { [RUNTIME]?: FuturesRuntime })[RUNTIME] = runtime;
}

/** @internal */
export function runtimeOf(request: object): FuturesRuntime | undefined {
  const server: { readonly [RUNTIME]?: FuturesRuntime } | undefined =
    adapterOf(request).server(request);
  return server?.[RUNTIME];
}

/** Key of Nest's pipe metadata on a class or a handler (`PIPES_METADATA`). */
const PIPES_METADATA = '__pipes__';

export interface FoundPipes {
  /** In the order in which Nest runs them: the app's, the controller's, then the route's. */
  readonly pipes: readonly PipeTransform[];
  /** Name of a pipe that has no instance outside a request. */
  readonly scoped?: string | undefined;
}

/** Finds the pipes that Nest runs for every parameter of a route. @internal */
export class RoutePipes {
  readonly #modules: ModulesContainer;
  readonly #config: ApplicationConfig;

  constructor(modules: ModulesContainer, config: ApplicationConfig) {
    this.#modules = modules;
    this.#config = config;
  }

  of(context: ExecutionContext): FoundPipes {
    const owner = context.getClass();
    const [scoped] = this.#config.getGlobalRequestPipes();
    if (scoped !== undefined) return { pipes: [], scoped: String(scoped.name) };
    const pipes: PipeTransform[] = [...this.#config.getGlobalPipes()];
    for (const each of [...pipesOn(owner), ...pipesOn(context.getHandler())]) {
      const pipe = typeof each === 'function' ? this.#instanceOf(each, owner) : each;
      if (pipe === undefined) return { pipes: [], scoped: (each as { name: string }).name };
      pipes.push(pipe);
    }
    return { pipes };
  }

  /** Undefined if the pipe has no instance outside a request. */
  #instanceOf(pipe: object, owner: object): PipeTransform | undefined {
    for (const { controllers, injectables } of this.#modules.values()) {
      if (!controllers.has(owner as never)) continue;
      const wrapper = injectables.get(pipe as never);
      if (wrapper?.isDependencyTreeStatic() === true) return wrapper.instance as PipeTransform;
    }
    return undefined;
  }
}

function pipesOn(target: object): (PipeTransform | (new () => PipeTransform))[] {
  return (Reflect.getMetadata(PIPES_METADATA, target) ?? []) as PipeTransform[];
}

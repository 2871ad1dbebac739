import { Logger } from '@nestjs/common';
import type { Executors } from './executors/executors.js';
import type { ResolvedOptions } from './futures.options.js';
import type { RoutePipes } from './replay/route-pipes.js';
import { logThrown } from './errors/log-thrown.js';

const logger = new Logger('Futures');

/** How long, in ms, a warning is not repeated, and how many are remembered. */
const WARN_EVERY = 60_000;
const MAX_WARNINGS = 1_000;

/**
 * What all requests of one app share. Two apps in one process have one each.
 *
 * @internal
 */
export class FuturesRuntime {
  /** The pipes of the app's routes; undefined until the app is initialised. */
  routePipes: RoutePipes | undefined;
  #isShuttingDown = false;
  #shutdownTimer: NodeJS.Timeout | undefined;
  #shutdownDeadline = 0;
  readonly #warnedAt = new Map<string, number>();

  constructor(
    readonly options: ResolvedOptions,
    readonly executors: Executors,
    /** Whether `FuturesService` finds its ledger by the async context, over HTTP too. */
    readonly usesContext: boolean,
  ) {}

  /** Whether a warning of that name may be logged: each is once a minute. */
  mayWarn(name: string): boolean {
    const now = performance.now();
    if (now - (this.#warnedAt.get(name) ?? -Infinity) < WARN_EVERY) return false;
    if (this.#warnedAt.size >= MAX_WARNINGS) this.#warnedAt.clear();
    this.#warnedAt.set(name, now);
    return true;
  }

  /** Whether requests that come in now are refused new futures. */
  get isShuttingDown(): boolean {
    return this.#isShuttingDown;
  }

  /** Requests under way go on; when `shutdownTimeout` is over, their futures fail. */
  beginShutdown(): void {
    if (this.#isShuttingDown) return;
    this.#isShuttingDown = true;
    this.#shutdownDeadline = performance.now() + this.options.shutdownTimeout;
    this.#shutdownTimer = setTimeout(() => {
      this.executors.close(0).catch((error: unknown) => logThrown(logger, error));
    }, this.options.shutdownTimeout);
  }

  /** To be called when no request is under way any more. */
  async endShutdown(): Promise<void> {
    this.beginShutdown();
    clearTimeout(this.#shutdownTimer);
    await this.executors.close(Math.max(0, this.#shutdownDeadline - performance.now()));
  }
}

const RUNTIME = Symbol('nestjs-futures.runtime');

/**
 * Leaves the runtime on the HTTP server's own instance (the Express app, the Fastify instance),
 * where a parameter decorator, which Nest does not inject, finds it from the request.
 *
 * @internal
 */
export function attachRuntime(server: object, runtime: FuturesRuntime): void {
  (server as { [RUNTIME]?: FuturesRuntime })[RUNTIME] = runtime;
}

/** @internal */
export function runtimeOf(request: object): FuturesRuntime | undefined {
  type Server = { readonly [RUNTIME]?: FuturesRuntime };
  const { server, app } = request as { server?: Server; app?: Server };
  return (server ?? app)?.[RUNTIME];
}

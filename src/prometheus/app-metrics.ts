import { type ChannelListener, tracingChannel } from 'node:diagnostics_channel';
import {
  BrokenExecutorError,
  type CallMessage,
  ExecutorSaturatedError,
  FutureCancelledError,
  FutureTimeoutError,
  type Outcome,
  type PassMessage,
  type RequestMessage,
  type WorkerPool,
} from '../index.js';
import type { RegistryMetrics } from './registry-metrics.js';

const MS_PER_S = 1_000;

/** What failed calls are counted as, by their error. */
const FAILURES = [
  [FutureTimeoutError, 'timed_out'],
  [ExecutorSaturatedError, 'refused'],
  [FutureCancelledError, 'cancelled'],
  [BrokenExecutorError, 'broken'],
] as const;

/**
 * Counts what one app does, as its tracing channels tell it. A listener that throws would end the
 * process, and executors of the app may give any outcome: nothing in here throws.
 *
 * @internal
 */
export class AppMetrics {
  readonly #pool: WorkerPool;
  readonly #metrics: RegistryMetrics;
  readonly #listeners: readonly (readonly [name: string, ChannelListener])[] = [
    ['call', (message) => this.#countCall(message as CallMessage)],
    ['pass', (message) => this.#countPass(message as PassMessage)],
    ['request', (message) => this.#countRequest(message as RequestMessage)],
  ];

  constructor(pool: WorkerPool, metrics: RegistryMetrics) {
    this.#pool = pool;
    this.#metrics = metrics;
    metrics.add(pool);
    for (const [name, listener] of this.#listeners) ends(name).subscribe(listener);
  }

  /** Stops listening. The metrics leave the registry with its last app. */
  close(): void {
    for (const [name, listener] of this.#listeners) ends(name).unsubscribe(listener);
    this.#metrics.remove(this.#pool);
  }

  #countCall({ app, call, executor, outcome }: CallMessage): void {
    if (app !== this.#pool.app || outcome === undefined) return;
    const labels = { executor, task: this.#metrics.tasks.name(call.task.id) };
    this.#metrics.calls.inc({ ...labels, outcome: outcomeOf(outcome) });
    const { worker, wait, run } = outcome;
    const hasStarted = typeof worker === 'string' && worker !== '';
    // A call that was given up in the queue has waited, too.
    if (isDuration(wait) && (hasStarted || wait > 0)) {
      this.#metrics.waits.observe(labels, wait / MS_PER_S);
    }
    if (isDuration(run) && hasStarted) this.#metrics.runs.observe(labels, run / MS_PER_S);
  }

  #countPass({ request, outcome = 'published' }: PassMessage): void {
    if (request.app !== this.#pool.app) return;
    this.#metrics.passes.inc({ handler: this.#metrics.handlers.name(request.handler), outcome });
  }

  #countRequest({ app, handler, passes }: RequestMessage): void {
    if (app !== this.#pool.app) return;
    this.#metrics.requests.observe({ handler: this.#metrics.handlers.name(handler) }, passes);
  }
}

function ends(name: string) {
  return tracingChannel<unknown, object>(`nestjs-futures:${name}`).asyncEnd;
}

function outcomeOf({ status, value }: Outcome): string {
  if (status === 'resolved') return status;
  try {
    return FAILURES.find(([type]) => value instanceof type)?.[1] ?? 'failed';
  } catch {
    // A task may throw what cannot be inspected, such as a revoked proxy.
    return 'failed';
  }
}

function isDuration(ms: unknown): ms is number {
  return Number.isFinite(ms) && (ms as number) >= 0;
}

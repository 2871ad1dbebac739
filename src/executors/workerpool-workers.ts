import { deserialize, serialize } from 'node:v8';
import { limitsOf, type ProcessOptions } from '../futures.options.js';
import {
  ABORT_SIGNAL,
  CURSOR,
  IS_LOADING,
  IS_RETIRING,
  STARTED_AT,
  WORKER_ID,
  epochNow,
  type ChunkMessage,
  type ProcessEvent,
} from '../worker/worker-protocol.js';
import type { Workers } from './workers.js';
import { workerEntry } from './worker-entry.js';

type Workerpool = typeof import('workerpool');
type Pool = ReturnType<Workerpool['pool']>;

/**
 * The processes of a workerpool.
 *
 * @internal
 */
export class WorkerpoolWorkers implements Workers {
  readonly kind = 'process';
  readonly maxCalls = 1;
  readonly width: number;
  readonly min: number;
  readonly idleTimeout: number;
  readonly #workerpool: Workerpool;
  readonly #options: ProcessOptions;
  #pool: Pool | undefined;
  #onMessage: (message: unknown) => void = () => {};

  constructor(workerpool: Workerpool, options: ProcessOptions) {
    this.#workerpool = workerpool;
    this.#options = options;
    this.width = options.max;
    this.min = options.min;
    this.idleTimeout = options.idleTimeout;
    if (options.min > 0) this.#pool = this.#createPool();
  }

  get alive(): number {
    return this.#pool?.stats().totalWorkers ?? 0;
  }

  listen(onMessage: (message: unknown) => void): void {
    this.#onMessage = onMessage;
  }

  async send(message: ChunkMessage): Promise<void> {
    this.#pool ??= this.#createPool();
    const progress = new ProcessProgress(message);
    const on = (event: ProcessEvent) => {
      if (event[0] === 'retired') this.kill(event[1]);
      const outcome = progress.take(event);
      if (outcome !== undefined) this.#onMessage(outcome);
    };
    try {
      const call = message.calls?.[0];
      if (call === undefined) {
        await this.#pool.exec('retire', [], { on });
        return;
      }
      const [[url, exportName], args] = call;
      // `serialize` throws what structured clone throws; left to the pool, that would cost it a worker.
      await this.#pool.exec('runCall', [url, exportName, serialize(args)], { on });
    } catch (error) {
      progress.died();
      throw error;
    }
  }

  abort(pid: number): void {
    signal(pid, ABORT_SIGNAL);
  }

  kill(pid: number): void {
    signal(pid, 'SIGKILL');
  }

  async close(): Promise<void> {
    await this.#pool?.terminate(true);
  }

  #createPool(): Pool {
    const { min, max } = this.#options;
    return this.#workerpool.pool(workerEntry('#task-process'), {
      workerType: 'process',
      minWorkers: min,
      maxWorkers: max,
      forkArgs: [JSON.stringify(limitsOf(this.#options))],
      // Bytes stay bytes on the way; by default they would go as JSON.
      forkOpts: { serialization: 'advanced' },
    });
  }
}

/** Keeps a chunk's shared memory for a process, which cannot share it. */
class ProcessProgress {
  readonly #message: ChunkMessage;
  readonly #state: Int32Array;
  readonly #clock: Float64Array;
  #hasStarted = false;

  constructor(message: ChunkMessage) {
    this.#message = message;
    this.#state = new Int32Array(message.progress);
    this.#clock = new Float64Array(message.progress);
    // What was sent to a process cannot be taken back; until it starts, the time is not the call's.
    this.#clock[STARTED_AT] = epochNow();
    this.#state[IS_LOADING] = 1;
    this.#state[CURSOR] = 1;
  }

  /** Takes what the process says; returns the outcome if it is one. */
  take(event: ProcessEvent): unknown {
    if (event[0] === 'outcome') {
      const { dispatcher, chunk } = this.#message;
      const [, status, payload, startedAt, run] = event;
      return [dispatcher, chunk, 0, status, deserialize(payload), startedAt, run];
    }
    if (event[0] === 'retiring') this.#state[IS_RETIRING] = 1;
    if (event[0] !== 'started') return undefined;
    const [, pid, startedAt, isLoading] = event;
    this.#hasStarted = true;
    this.#state[WORKER_ID] = pid;
    this.#clock[STARTED_AT] = startedAt;
    this.#state[IS_LOADING] = isLoading ? 1 : 0;
    return undefined;
  }

  /** If the call was never started, it may run elsewhere. */
  died(): void {
    if (!this.#hasStarted) this.#state[CURSOR] = 0;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  if (pid === 0) return;
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

import { getHeapStatistics } from 'node:v8';

/** When a worker is replaced by a new one. */
export interface WorkerLimits {
  /** After how many tasks; undefined: never. */
  readonly maxTasksPerWorker: number | undefined;
  /** From how much memory in use after a task, heap and external (buffers), in MB (2^20 bytes); undefined: never. */
  readonly maxHeapPerWorker: number | undefined;
}

const MB = 2 ** 20;

/**
 * Tells a worker when it has done its part.
 *
 * @internal
 */
export class WorkerLifetime {
  readonly #limits: Partial<WorkerLimits>;
  #tasks = 0;

  constructor(limits: Partial<WorkerLimits>) {
    this.#limits = limits;
  }

  /** To be asked after each task. */
  isOver(): boolean {
    const { maxTasksPerWorker, maxHeapPerWorker } = this.#limits;
    if (maxTasksPerWorker !== undefined && ++this.#tasks >= maxTasksPerWorker) return true;
    return maxHeapPerWorker !== undefined && memoryInUse() > maxHeapPerWorker * MB;
  }
}

/** Memory used by this thread alone, in bytes. */
function memoryInUse(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

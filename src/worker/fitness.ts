import { getHeapStatistics } from 'node:v8';
import { MessagePort } from 'node:worker_threads';

const { prototype: portPrototype } = MessagePort as unknown as { readonly prototype: MessagePort };
const listIterator = Object.getPrototypeOf([][Symbol.iterator]()) as Iterator<unknown>;

/** Built-ins that much other code relies on, and that a task may have replaced. */
function look(): readonly unknown[] {
  return [
    globalThis.Promise,
    globalThis.JSON,
    globalThis.Object,
    globalThis.Array,
    Promise.prototype.then,
    JSON.parse,
    JSON.stringify,
    Object.keys,
    Object.prototype.toString,
    Array.prototype[Symbol.iterator],
    Array.prototype.push,
    listIterator.next,
    Map.prototype.get,
    Map.prototype.set,
    Function.prototype.call,
    Function.prototype.apply,
    Function.prototype.bind,
    Atomics.add,
    Atomics.load,
    Atomics.store,
    Atomics.notify,
  ];
}

/**
 * Checks whether the language still works in this worker. A task that breaks it, with a patched
 * `Promise` or array iterator, would fail the calls of others that come after it.
 *
 * @internal
 */
export class Environment {
  #known = look();

  /** Whether nothing was replaced since the last time. */
  get isUnchanged(): boolean {
    const now = look();
    for (let i = 0; i < now.length; i++) if (now[i] !== this.#known[i]) return false;
    return true;
  }

  /** Tests what was replaced. A task may replace what it likes: what works is known from now on. */
  async works(): Promise<boolean> {
    try {
      const works = languageWorks() && (await promisesWork());
      if (works) this.#known = look();
      return works;
    } catch {
      return false;
    }
  }
}

const ITERATED = [1];

function self(this: unknown): unknown {
  return this;
}

function languageWorks(): boolean {
  const list = [0, ...ITERATED];
  for (const each of ITERATED) list.push(each);
  const { a } = JSON.parse(JSON.stringify({ a: list })) as { a: number[] };
  const keys = Object.keys(new Map([['a', 1]]).get('a') === 1 ? { b: 1 } : {});
  return (
    a.length === 3 &&
    a[2] === 1 &&
    keys[0] === 'b' &&
    self.call(list) === list &&
    self.apply(list) === list &&
    self.bind(list)() === list &&
    Object.prototype.toString.call(list) === '[object Array]' &&
    atomicsWork()
  );
}

function atomicsWork(): boolean {
  const cells = new Int32Array(new SharedArrayBuffer(4));
  Atomics.store(cells, 0, 1);
  Atomics.add(cells, 0, 1);
  return cells[0] === 2 && Atomics.load(cells, 0) === 2 && Atomics.notify(cells, 0) === 0;
}

async function nothing(): Promise<void> {}

async function promisesWork(): Promise<boolean> {
  let isThere = false;
  // Not awaited: a promise that never settles would keep the worker forever.
  void new Promise<void>((resolve) => resolve()).then(() => (isThere = true));
  for (let i = 0; i < 3; i++) await nothing();
  return isThere;
}

/**
 * Keeps a task from replacing how all ports send, since the pool uses a port to tell the app that a
 * message is done. A task may still change its own port.
 *
 * @internal
 */
export function protectPorts(): void {
  const { postMessage } = portPrototype;
  Object.defineProperty(portPrototype, 'postMessage', {
    configurable: false,
    enumerable: true,
    get: () => postMessage,
    set(this: MessagePort, value: unknown) {
      if (this === portPrototype) return;
      Object.defineProperty(this, 'postMessage', { value, configurable: true, writable: true });
    },
  });
}

/** When a worker is replaced. */
export interface WorkerLimits {
  /** After how many tasks; undefined: never. */
  readonly maxTasksPerWorker: number | undefined;
  /** MB (2^20 bytes) of heap and external memory (buffers) after a task; undefined: never. */
  readonly maxHeapPerWorker: number | undefined;
}

const MB = 2 ** 20;

/**
 * Decides when a worker must be replaced.
 *
 * @internal
 */
export class WorkerLifetime {
  readonly #limits: Partial<WorkerLimits>;
  #tasks = 0;

  constructor(limits: Partial<WorkerLimits>) {
    this.#limits = limits;
  }

  /** Must be called after each task. */
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

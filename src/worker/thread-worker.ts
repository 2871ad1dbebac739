import { types } from 'node:util';
import { MessageChannel, MessagePort, parentPort, threadId } from 'node:worker_threads';
import { monotonicNow } from '../wire/clock.js';
import { addMovable, type Packed } from '../wire/codec.js';
import { apply } from '../wire/primordials.js';
import { CallRunner, packRefusal, packResult, type WireResult } from './call-runner.js';
import type { RunningCall } from './current-task.js';
import { WorkerLifetime, protectPorts } from './fitness.js';
import { ResultSlots, transferListOf } from '../wire/result-slots.js';
import { taskContexts } from './task-contexts.js';
import {
  ABORTED,
  CURSOR,
  HELLO,
  IS_LISTENING,
  IS_LOADING,
  IS_RETIRING,
  PRELOADED,
  STARTED_AT,
  THREAD_SETTINGS,
  WORKER_ID,
  WireStatus,
  type WireMessage,
  type PostedOutcome,
  type WireCall,
  type WorkerSettings,
} from '../wire/protocol.js';

/** Undefined in a pool that the app owns: there, nothing is limited, ended or preloaded. */
const settings = takeSettings();
const isOurs = settings !== undefined;
const runner = new CallRunner();
const lifetime = new WorkerLifetime(settings?.limits ?? {});
const { isPromise } = types;
const exit: () => never = process.exit.bind(process);
const { postMessage } = MessagePort.prototype;
const { add, load, notify, store } = Atomics;
/** `waitAsync` is part of ES2024, and Node 20 has it. */
const { waitAsync } = Atomics as unknown as {
  waitAsync(array: Int32Array, index: number, value: number): { value: string | Promise<string> };
};
taskContexts.inWorker = true;
protectPorts();
let preloading = isOurs && settings.preload.length > 0 ? preload(settings.preload) : undefined;

/** Takes them off the arguments, which tasks may read. */
function takeSettings(): WorkerSettings | undefined {
  const { argv } = process;
  const last = argv[argv.length - 1] ?? '';
  if (!last.startsWith(THREAD_SETTINGS)) return undefined;
  argv.length--;
  return JSON.parse(last.slice(THREAD_SETTINGS.length)) as WorkerSettings;
}

async function preload(urls: readonly string[]): Promise<void> {
  const failure = await runner.preload(urls);
  preloading = undefined;
  apply(postMessage, parentPort, [[PRELOADED, failure]]);
}

/**
 * Entry of a worker thread: runs the calls of one message in order.
 *
 * Results go back through the message's memory or a port, not as the return value. So a result that
 * cannot be cloned fails alone, and finished results don't wait for the rest.
 */
export default async function runMessage(message: WireMessage): Promise<void> {
  if (preloading !== undefined) await preloading;
  const { message: id, calls, maxResultBytes } = message;
  // Records which thread has the message, so that a thread that can't exit by itself can be killed.
  const progress = new Progress(message.progress);
  if (calls === undefined) return retire();
  if (calls.length === 0) return;
  const port = portFor(message.scheduler);
  const slots = new ResultSlots(message.progress, calls.length, maxResultBytes);
  for (let i = progress.claim(); i < calls.length; i = progress.claim()) {
    const outcome = runner.run(calls[i] as WireCall, progress);
    const result = isPromise(outcome) ? await outcome : outcome;
    const { startedAt } = progress;
    const run = monotonicNow() - startedAt;
    const isLast =
      isOurs &&
      (isOver(result) || !(runner.isEnvironmentUnchanged || (await runner.environmentWorks())));
    // The scheduler reads shared results when a message completes; a retiring worker's last message
    // never does, so its result is posted instead.
    if (isLast) progress.retire();
    else if (result[0] === WireStatus.Resolved && slots.write(i, result[1], startedAt, run))
      continue;
    // Before posting, so that the scheduler knows which result it is, if it can't read it.
    slots.markPosted(i);
    post(port, [id, i, startedAt, run], result, maxResultBytes);
    if (isLast) await retire();
  }
}

/** Whether the thread must be replaced: Node never loads a file again that has failed to load. */
function isOver(result: WireResult): boolean {
  return lifetime.isOver() || result[0] === WireStatus.UnknownTask;
}

/** Exits the thread. Its message stays open, so that it isn't sent another. */
async function retire(): Promise<never> {
  await taskContexts.close().catch(() => {});
  return exit();
}

type Place = readonly [message: number, index: number, startedAt: number, run: number];

function post(port: MessagePort, place: Place, result: WireResult, maxBytes: number): void {
  const value = result[1];
  const packed = packResult(result, maxBytes, true);
  const moved = transferListOf(value);
  const transferList: unknown[] = [];
  for (let i = 0; i < moved.length; i++) transferList[i] = moved[i];
  addMovable(packed[1], transferList);
  try {
    apply(postMessage, port, [messageOf(place, packed), transferList]);
  } catch (error) {
    const refusal = packRefusal(value, error, transferListOf(value));
    apply(postMessage, port, [messageOf(place, refusal)]);
  }
}

function messageOf(place: Place, packed: readonly [WireStatus, Packed]): PostedOutcome {
  return [place[0], place[1], packed[0], packed[1], place[2], place[3]];
}

/** The ports on which this thread answers schedulers. */
const ports: { readonly scheduler: number; readonly port: MessagePort }[] = [];

function portFor(scheduler: number): MessagePort {
  for (let i = 0; i < ports.length; i++) {
    const known = ports[i];
    if (known?.scheduler === scheduler) return known.port;
  }
  const { port1, port2 } = new MessageChannel();
  const entry = { scheduler, port: port1 };
  ports[ports.length] = entry;
  // The scheduler's app is gone. In a pool that the app owns, the thread stays.
  port1.on('close', () => ports.splice(ports.indexOf(entry), 1));
  port1.unref();
  apply(postMessage, parentPort, [[HELLO, scheduler, threadId, port2], [port2]]);
  return port1;
}

/** The worker's side of a message's shared memory. */
class Progress implements RunningCall {
  /** When the running call started, in ms on the monotonic clock. */
  startedAt = 0;
  #index = 0;
  readonly #state: Int32Array;
  readonly #clock: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#state = new Int32Array(memory);
    this.#clock = new Float64Array(memory);
    this.#state[WORKER_ID] = threadId;
  }

  /** Claims the next call, which starts now; returns its index. */
  claim(): number {
    // Before the claim, so that the start time seen with a claim is never the previous call's.
    this.#startClock();
    if (this.#state[IS_LISTENING] === 1) {
      this.#state[IS_LISTENING] = 0;
      // Wakes what the previous task left waiting for its abort.
      notify(this.#state, ABORTED);
    }
    this.#index = add(this.#state, CURSOR, 1);
    return this.#index;
  }

  retire(): void {
    this.#state[IS_RETIRING] = 1;
  }

  get isAborted(): boolean {
    return load(this.#state, ABORTED) === this.#index + 1;
  }

  async wait(): Promise<void> {
    store(this.#state, IS_LISTENING, 1);
    const seen = load(this.#state, ABORTED);
    // The call may have been asked to stop before its task asked for the signal.
    if (this.isAborted) return;
    await waitAsync(this.#state, ABORTED, seen).value;
  }

  beginLoad(): void {
    this.#state[IS_LOADING] = 1;
  }

  endLoad(): void {
    this.#startClock();
    this.#state[IS_LOADING] = 0;
  }

  #startClock(): void {
    this.startedAt = monotonicNow();
    this.#clock[STARTED_AT] = this.startedAt;
  }
}

import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { monotonicNow } from '../wire/clock.js';
import { FrameReader, toFrame } from '../wire/frames.js';
import { CallRunner, packResult, type WireResult } from './call-runner.js';
import type { RunningCall } from './current-task.js';
import {
  EVENTS_FD,
  ORDERS_FD,
  type ProcessEvent,
  type ProcessOrder,
  type ProcessSettings,
  WireStatus,
} from '../wire/protocol.js';
import { taskContexts } from './task-contexts.js';
import { WorkerLifetime } from './fitness.js';

/** How often, in ms, the process checks whether the app is still there. */
const WATCH_EVERY = 1_000;

// Tasks may read the arguments.
const settings = JSON.parse(process.argv.pop() ?? '{}') as ProcessSettings;
const { parent, limits, preload, name } = settings;
if (name !== undefined) process.title = name;
const exit: () => never = process.exit.bind(process);
const runner = new CallRunner();
const lifetime = new WorkerLifetime(limits);
taskContexts.inWorker = true;
let running: ProcessCall | undefined;

// Signals often reach the app's children, too. The app ends its children, after its requests.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

// The app uses these streams, too: a task that ends one must not end it for the app.
for (const stream of [process.stdout, process.stderr]) {
  Object.assign(stream, { _final: (done: () => void) => done() });
}

/*
 * Ends this process when the app is gone, even while a task computes without a pause: a separate
 * thread notices that the process has another parent.
 */
new Worker(
  `const { workerData: { parent, every } } = require('node:worker_threads');
  setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, every);`,
  {
    eval: true,
    workerData: { parent, every: WATCH_EVERY },
    // The app's flags may load a lot.
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
  },
).unref();

// Not awaited here: bundlers make CommonJS of this module.
void takeOrders();

/** Preloads, then takes orders from the app. */
async function takeOrders(): Promise<void> {
  const failure = preload.length === 0 ? undefined : await runner.preload(preload);
  const orders = new FrameReader(
    () => Infinity,
    (order) => obey(order as ProcessOrder),
  );
  const input = new Socket({ fd: ORDERS_FD, readable: true, writable: false });
  input.on('data', (piece) => orders.add(piece));
  // The app has exited, or has let go of this process.
  input.on('error', () => exit());
  input.on('close', () => exit());
  emit(failure === undefined ? ['ready'] : ['ready', failure]);
}

function obey(order: ProcessOrder): void {
  switch (order[0]) {
    case 'run':
      void runCall(order);
      break;
    case 'abort':
      running?.abort();
      break;
    case 'retire':
      void retire();
  }
}

async function runCall(order: ProcessOrder & { 0: 'run' }): Promise<void> {
  const call = new ProcessCall();
  running = call;
  const result = await runner.run(order[1], call);
  const run = monotonicNow() - call.startedAt;
  const isLast = await isOver(result);
  if (isLast) emit(['retiring']);
  const packed = packResult(result, order[2], false);
  emit(['outcome', packed[0], packed[1], run]);
  if (isLast) await retire();
  else emit(['free']);
}

/** Whether the process must be replaced; Node never loads a file again that has failed to load. */
async function isOver(result: WireResult): Promise<boolean> {
  if (lifetime.isOver() || result[0] === WireStatus.UnknownTask) return true;
  return !(runner.isEnvironmentUnchanged || (await runner.environmentWorks()));
}

async function retire(): Promise<never> {
  await taskContexts.close().catch(() => {});
  return exit();
}

class ProcessCall implements RunningCall {
  isAborted = false;
  /** In ms on the monotonic clock. */
  startedAt = 0;
  #resolve = (): void => {};

  constructor() {
    this.#start(false);
  }

  abort(): void {
    this.isAborted = true;
    this.#resolve();
  }

  wait(): Promise<void> {
    // The call may have been asked to stop before its task asked for the signal.
    if (this.isAborted) return Promise.resolve();
    return new Promise((resolve) => (this.#resolve = resolve));
  }

  beginLoad(): void {
    this.#start(true);
  }

  endLoad(): void {
    this.#start(false);
  }

  #start(isLoading: boolean): void {
    this.startedAt = monotonicNow();
    emit(['started', isLoading]);
  }
}

/** Has written when it returns: if a task ends the process next, nothing is lost. */
function emit(event: ProcessEvent): void {
  const frame = toFrame(event);
  try {
    for (let written = 0; written < frame.byteLength;) {
      written += writeSync(EVENTS_FD, frame, written);
    }
  } catch {
    // The app is gone.
    exit();
  }
}

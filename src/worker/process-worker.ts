import { deserialize, serialize } from 'node:v8';
import workerpool from 'workerpool';
import { CallRunner } from './call-runner.js';
import type { RunningCall } from './current-task.js';
import { taskContexts } from './task-contexts.js';
import { describeUncloneableResult } from './uncloneable.js';
import { WorkerLifetime, type WorkerLimits } from './worker-lifetime.js';
import { ABORT_SIGNAL, WireStatus, epochNow, type ProcessEvent } from './worker-protocol.js';

const runner = new CallRunner();
const lifetime = new WorkerLifetime(JSON.parse(process.argv[2] ?? '{}') as Partial<WorkerLimits>);
taskContexts.inWorker = true;
let running: ProcessCall | undefined;

process.on(ABORT_SIGNAL, () => running?.abort());
// They often reach the app's children as well; it is the app that ends them, after its requests.
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => {});

/** Entry of a child process: runs one call at a time. */
workerpool.worker({
  async runCall(url: string, exportName: string, data: Uint8Array): Promise<void> {
    const call = new ProcessCall();
    running = call;
    const args = deserialize(data) as unknown[];
    const [status, payload] = await runner.run([[url, exportName], args], call);
    const run = epochNow() - call.startedAt;
    const isLast = lifetime.isOver();
    if (isLast) emit(['retiring']);
    emit(['outcome', ...toBytes(status, payload), call.startedAt, run]);
    if (isLast) await retire();
  },
  retire,
});

/** Ends this process, or has it ended; the call is left open, so that it is not sent another. */
async function retire(): Promise<never> {
  await taskContexts.close();
  // What was sent is still on its way: who takes it ends the process.
  emit(['retired', process.pid]);
  return new Promise<never>(() => {});
}

class ProcessCall implements RunningCall {
  isAborted = false;
  /** Epoch time in ms. */
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
    return new Promise((resolve) => (this.#resolve = resolve));
  }

  beginLoad(): void {
    this.#start(true);
  }

  endLoad(): void {
    this.#start(false);
  }

  #start(isLoading: boolean): void {
    this.startedAt = epochNow();
    emit(['started', process.pid, this.startedAt, isLoading]);
  }
}

/** The payload as bytes: what cannot be cloned is found here, where it is known what it is. */
function toBytes(status: WireStatus, payload: unknown): [WireStatus, Uint8Array] {
  try {
    return [status, serialize(payload)];
  } catch {
    return [WireStatus.UncloneableResult, serialize(describeUncloneableResult(payload))];
  }
}

function emit(event: ProcessEvent): void {
  workerpool.workerEmit(event);
}

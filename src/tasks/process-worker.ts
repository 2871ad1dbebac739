import { deserialize, serialize } from 'node:v8';
import workerpool from 'workerpool';
import { CallRunner } from './call-runner.js';
import { currentTask, type AbortSource } from './current-task.js';
import { describeUncloneableResult } from './uncloneable.js';
import { ABORT_SIGNAL, WireStatus, epochNow, type ProcessEvent } from './worker-protocol.js';

const runner = new CallRunner();
let aborted = (): void => {};

process.on(ABORT_SIGNAL, () => aborted());

/** Entry of a child process: runs one call at a time. */
workerpool.worker({
  async runCall(url: string, exportName: string, data: Uint8Array): Promise<void> {
    let startedAt = epochNow();
    const start = (isLoading: boolean) => {
      startedAt = epochNow();
      emit(['started', process.pid, startedAt, isLoading]);
    };
    start(false);
    const abort = new ProcessAbort();
    currentTask.begin(abort);
    aborted = () => abort.abort();
    const [status, payload] = await runner.run([url, exportName, deserialize(data) as unknown[]], {
      beginLoad: () => start(true),
      endLoad: () => start(false),
    });
    emit(['outcome', ...toBytes(status, payload), startedAt, epochNow() - startedAt]);
  },
});

class ProcessAbort implements AbortSource {
  isAborted = false;
  #resolve = (): void => {};

  abort(): void {
    this.isAborted = true;
    this.#resolve();
  }

  wait(): Promise<void> {
    return new Promise((resolve) => (this.#resolve = resolve));
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

type Worker = typeof import('./thread-worker.js', { with: { 'resolution-mode': 'import' } });

let worker: Promise<Worker> | undefined;

/*
 * What a worker thread loads first. It is CommonJS because the pool would load an ES module with
 * require(), and Node ends the whole process if a thread is ended during that. During an import(),
 * it does not.
 */
export = async function runMessage(message: Parameters<Worker['default']>[0]): Promise<void> {
  worker ??= import('./thread-worker.js');
  await (await worker).default(message);
};

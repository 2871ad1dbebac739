type Worker = typeof import('./thread-worker.js', { with: { 'resolution-mode': 'import' } });

/*
 * What a worker thread loads first. It is CommonJS because the pool would load an ES module with
 * require(), and Node ends the whole process if a thread is ended during that. During an import(),
 * it does not.
 */
const worker: Promise<Worker> = import('./thread-worker.js');
// Whoever sends a message is told.
worker.catch(() => {});

export = async function runMessage(message: Parameters<Worker['default']>[0]): Promise<void> {
  await (await worker).default(message);
};

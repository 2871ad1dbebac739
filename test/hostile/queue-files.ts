/** The task files of these names, as a queue's worker (test/fixtures/queue-worker.js) is told of them. */
export function filesOf(...names: string[]): string[] {
  return names.map((name) => `../hostile/app/${name}.tasks.js`);
}

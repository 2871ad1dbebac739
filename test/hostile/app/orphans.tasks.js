import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * Tasks that never end, and ignore whatever asks their process to. Each says by a file which process
 * runs it, and is found by its name: what is exported here is run by the tests.
 */

/** @param {string} folder */
function announce(folder) {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {});
  writeFileSync(join(folder, `${process.pid}`), '');
}

/** @param {string} folder */
export function spins(folder) {
  announce(folder);
  for (;;);
}

/** @param {string} folder */
export async function neverSettles(folder) {
  announce(folder);
  setInterval(() => {}, 1_000);
  await new Promise(() => {});
}

/** @param {string} folder */
export async function ignoresTheLossOfItsChannel(folder) {
  process.removeAllListeners('disconnect');
  announce(folder);
  setInterval(() => {}, 1_000);
  await new Promise(() => {});
}

/** @param {string} folder */
export function sleepsInAtomics(folder) {
  announce(folder);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** @param {string} folder */
export function loopsInMicrotasks(folder) {
  announce(folder);
  const again = () => Promise.resolve().then(again);
  return again();
}

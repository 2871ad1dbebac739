import { setImmediate } from 'node:timers/promises';

/*
 * Tasks that return, and leave something behind that never ends. Each is found by its name: what is
 * exported here is run by the tests.
 */

function forEver() {
  for (;;);
}

export function timerLoop() {
  setTimeout(forEver);
  return 'left';
}

export function immediateLoop() {
  globalThis.setImmediate(forEver);
  return 'left';
}

export function intervalLoop() {
  setInterval(forEver);
  return 'left';
}

export function microtaskLoop() {
  const again = () => Promise.resolve().then(again);
  setTimeout(again);
  return 'left';
}

export function nextTickLoop() {
  const again = () => process.nextTick(again);
  setTimeout(again);
  return 'left';
}

export function microtaskLoopAtOnce() {
  const again = () => Promise.resolve().then(again);
  void again();
  return 'left';
}

export async function loopOfAnAsyncTask() {
  await setImmediate();
  setTimeout(forEver);
  return 'left';
}

export function blockedByAtomics() {
  setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  return 'left';
}

/** Has its process stopped, which neither ends nor answers. */
export function stopped() {
  setTimeout(() => process.kill(process.pid, 'SIGSTOP'));
  return 'left';
}

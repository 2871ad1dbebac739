import { MessagePort, parentPort } from 'node:worker_threads';

/*
 * Tasks of a thread that misuse its ports. Each is found by its name: what is exported here is run
 * by the tests.
 */

/** In a process there is none; these tasks are for threads alone. */
const port = /** @type {MessagePort} */ (parentPort);
// oxlint-disable-next-line typescript/unbound-method -- it is called with a port as its `this`
const { postMessage } = MessagePort.prototype;

/** @param {any} target @param {(this: MessagePort, message: any, transfer?: any) => void} send */
function wrap(target, send) {
  target.postMessage = send;
  return 'wrapped';
}

function fail() {
  throw new Error('poisoned');
}

function circularError() {
  const error = new Error('its own cause');
  error.cause = error;
  return error;
}

export const mutesParentPort = () => wrap(port, () => {});
export const mutesAllPorts = () => wrap(MessagePort.prototype, () => {});
export const throwsAtParentPort = () => wrap(port, fail);
export const throwsAtAllPorts = () => wrap(MessagePort.prototype, fail);

export const sendsNullInstead = () =>
  wrap(port, function send() {
    postMessage.call(this, null);
  });

export const sendsNullInsteadOnAllPorts = () =>
  wrap(MessagePort.prototype, function send() {
    postMessage.call(this, null);
  });

export const sendsWrongIndices = () =>
  wrap(port, function send(message, transfer) {
    if (Array.isArray(message)) message[2] += 1_000;
    postMessage.call(this, message, transfer);
  });

export const sendsEverythingTwice = () =>
  wrap(MessagePort.prototype, function send(message, transfer) {
    postMessage.call(this, message, transfer);
    postMessage.call(this, message);
  });

export const sendsWrongTypes = () =>
  wrap(MessagePort.prototype, function send(message) {
    postMessage.call(this, Array.isArray(message) ? message.map(String) : { taskId: 'x' });
  });

export function closesParentPort() {
  port.close();
  return 'closed';
}

export async function closesParentPortLater() {
  setImmediate(() => port.close());
  return 'closed';
}

export function stopsListening() {
  port.removeAllListeners();
  return 'deaf';
}

export function postsOddMessages() {
  const odd = [
    null,
    undefined,
    0,
    'ready',
    [],
    {},
    [[[]]],
    new Map(),
    { taskId: 1 },
    { ready: true },
  ];
  for (const message of odd) port.postMessage(message);
  return 'posted';
}

export function postsForgedOutcomes() {
  const numbers = [-1, 0, 1, 2, 1e9, NaN, '0', null, {}];
  for (const scheduler of [0, 1, 2, 3, null]) {
    for (let chunk = 0; chunk < 30; chunk++) {
      for (const index of numbers) {
        port.postMessage([scheduler, chunk, index, 99, { forged: true }, NaN, 'ms']);
        port.postMessage([scheduler, chunk, index, 1, null, {}, []]);
      }
    }
  }
  return 'posted';
}

export function postsWhatCannotBeRead() {
  port.postMessage(circularError());
  let deep = [0];
  for (let i = 0; i < 20_000; i++) deep = /** @type {any} */ ([deep]);
  try {
    port.postMessage(deep);
  } catch {
    // This thread's stack is too small for it, too.
  }
  return 'posted';
}

export function postsAFlood() {
  for (let i = 0; i < 50_000; i++) port.postMessage(null);
  return 'posted';
}

import { writeSync } from 'node:fs';

/*
 * Tasks of a child process that misuse its channel. Each is found by its name: what is exported here
 * is run by the tests.
 */

const send = (/** @type {any} */ message) => process.send?.(message);

/** Says something as workerpool would, for each message that may be under way. @param {object} rest */
function answerAll(rest) {
  for (let id = 0; id < 200; id++) send({ id, ...rest });
  return 'sent';
}

/** @param {unknown} payload */
const emitAll = (payload) => answerAll({ isEvent: true, payload });

function circularError() {
  const error = new Error('its own cause');
  error.cause = error;
  return error;
}

export const sendsNull = () => String(send(null));

export function sendsOddMessages() {
  for (const message of [0, '', 'ready', [], {}, { id: null }, { id: {} }, true, new Map()]) {
    send(message);
  }
  return 'sent';
}

export const sendsAnErrorThatIsItsOwnCause = () => String(send(circularError()));
export const emitsAnErrorThatIsItsOwnCause = () => emitAll(['outcome', 0, circularError(), 0, 0]);
export const emitsNull = () => emitAll(null);
export const emitsNothingKnown = () => emitAll(['unheard of', 1, 2, 3]);
export const emitsBytesThatAreNone = () => emitAll(['outcome', 0, 'no bytes', 0, 0]);
export const emitsBytesThatCannotBeRead = () =>
  emitAll(['outcome', 0, Buffer.from('not what serialize() gives'), 0, 0]);
export const emitsAnUnknownStatus = () =>
  emitAll(['outcome', 99, Buffer.from([255, 15, 95]), 0, 0]);
export const emitsTimesThatAreNone = () =>
  emitAll(['outcome', 0, Buffer.from([255, 15, 95]), NaN, 'ms']);

/*
 * Process ids: of the app itself, and some that are none. Never of others: an app that believes them
 * signals them.
 */

export function claimsToBeItsParent() {
  emitAll(['started', process.ppid, 0, false]);
  return new Promise(() => {});
}
export const retiresInItsParentsName = () => emitAll(['retired', process.ppid]);
export const retiresInNoName = () => {
  for (const pid of [NaN, null, {}, 'text', 2 ** 40]) emitAll(['retired', pid]);
  return 'sent';
};

export const endsItsMessagesEarly = () => answerAll({ result: undefined, error: null });
export const failsItsMessages = () => answerAll({ result: null, error: 5 });
export const failsItsMessagesOddly = () =>
  answerAll({ result: null, error: { message: null, stack: {}, __proto__: null } });
export const saysThatItCleansUp = () =>
  answerAll({ method: '__workerpool-cleanup__', error: { message: 'x' } });

export function muted() {
  process.send = () => true;
  return 'muted';
}

export function deaf() {
  process.removeAllListeners('message');
  return 'deaf';
}

export function disconnects() {
  process.disconnect?.();
  return 'disconnected';
}

export function disconnectsLater() {
  setImmediate(() => process.disconnect?.());
  return 'disconnected';
}

/** Writes to the channel what its reader takes for a message of four bytes, which none is. */
export function writesJunkIntoItsChannel() {
  writeSync(3, Buffer.from([0, 0, 0, 4, 1, 2, 3, 4]));
  return 'written';
}

/** Announces a message of 4 GB: whatever is said after it is taken for its beginning. */
export function announcesAMessageThatNeverEnds() {
  writeSync(3, Buffer.from([255, 255, 255, 255]));
  return 'written';
}

export function sendsAFlood() {
  for (let i = 0; i < 20_000; i++) send({ id: i, isEvent: true, payload: null });
  return 'sent';
}

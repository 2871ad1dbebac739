/** It is the stream of the app as well. */
export function endStderr() {
  process.stderr.end('done\n');
  return 'ended';
}

export function fail() {
  throw new Error('to be logged');
}

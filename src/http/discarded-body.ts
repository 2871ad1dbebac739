import { StreamableFile } from '@nestjs/common';
import { isA } from '../errors/text.js';
import { isUnparsedBody } from './unparsed-body.js';

interface Stream {
  then?: unknown;
  on?: (event: string, listener: () => void) => unknown;
  destroy?: () => unknown;
  cancel?: () => Promise<unknown>;
  readonly body?: unknown;
  readonly locked?: boolean;
  [Symbol.asyncIterator]?: () => { readonly return?: () => unknown };
}

/**
 * Closes what a discarded result would have been read from (a file, a socket, a generator), so that
 * nothing stays open. Knows what Nest sends: `StreamableFile`, Node streams, web streams, a web
 * `Response`, async iterables. Never throws, whatever the result is.
 *
 * @internal
 */
export function destroyBody(result: unknown): void {
  if (typeof result !== 'object' || result === null) return;
  try {
    destroy(result);
  } catch {
    // A result that cannot be read (a revoked proxy) holds nothing to close.
  }
}

function destroy(result: object): void {
  if (isA(result, StreamableFile)) {
    destroyBody(result.getStream());
    return;
  }
  const isResponse = Object.prototype.toString.call(result) === '[object Response]';
  const stream = (isResponse ? (result as Stream).body : result) as Stream | null;
  if (stream === null || stream[Symbol.asyncIterator] === undefined || stream.then !== undefined) {
    return;
  }
  // The handler echoes the request's own body: destroying that would close the connection.
  if (isUnparsedBody(stream)) return;
  if (stream.destroy !== undefined) {
    // A stream that is still opening its file may fail later, when nobody listens any more.
    stream.on?.('error', ignore);
    stream.destroy();
  } else if (stream.cancel !== undefined) {
    if (stream.locked !== true) Promise.resolve(stream.cancel()).catch(ignore);
  } else {
    stopIteration(stream).catch(ignore);
  }
}

/** Stops it as Nest does: a generator is its own iterator, other iterables create one. */
async function stopIteration(iterable: Stream): Promise<void> {
  await iterable[Symbol.asyncIterator]?.().return?.();
}

function ignore(): void {}

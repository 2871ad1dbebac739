import { StreamableFile } from '@nestjs/common';
import { isA } from '../errors/is-a.js';

interface Streamed {
  readonly constructor?: { readonly name?: string };
  /** Of a file. */
  readonly path?: unknown;
  readonly then?: unknown;
  [Symbol.asyncIterator]?: unknown;
}

/**
 * What of a result can be compared with another's. The content of a stream cannot, since it can be
 * read only once, by the client: of a stream the kind is compared, the path of a file, and what
 * headers it brings along.
 *
 * @internal
 */
export function comparableBody(result: unknown): unknown {
  if (typeof result !== 'object' || result === null) return result;
  if (isA(result, StreamableFile)) {
    return { headers: result.getHeaders(), stream: describe(result.getStream()) };
  }
  if (Object.prototype.toString.call(result) === '[object Response]') {
    const { status, headers, body } = result as Response;
    return { status, headers: Object.fromEntries(headers), stream: body && describe(body) };
  }
  return isStreamed(result) ? describe(result) : result;
}

function isStreamed(result: Streamed): boolean {
  return result[Symbol.asyncIterator] !== undefined && result.then === undefined;
}

function describe({ constructor, path }: Streamed): object {
  return { kind: constructor?.name, path };
}

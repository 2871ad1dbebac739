import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { BodyLoss, BodySpentError } from '../errors/index.js';
import { rawOf } from './adapter.js';
import { shareProperty } from './own-state.js';

/** How much of a body is kept for the next pass, in bytes: Fastify's default body limit. */
const KEPT_BYTES = 1024 * 1024;

/** The events that code listens to when it reads a stream. */
const EVENTS = ['data', 'readable', 'end', 'error', 'close', 'aborted', 'pause', 'resume'] as const;

/** The bodies, by the stream that a pass reads. */
const bodies = new WeakMap<object, UnparsedBody>();

interface Request {
  body?: unknown;
}

/** The part of a stream's `_readableState` that is used here. */
interface ReadState {
  readonly ended: boolean;
  readonly highWaterMark: number;
  readonly autoDestroy: boolean;
  endEmitted: boolean;
}

type Listener = (...args: unknown[]) => void;
type Begin = (this: Readable, options: ConstructorParameters<typeof Readable>[0]) => void;

/**
 * A body that a pass may read from its stream, since nothing parsed it before. What a pass reads is
 * kept, up to 1 MiB, and the next pass reads it again. A pass that reads a body again that was not
 * kept gets an error; otherwise, it would find an empty body.
 *
 * The stream cannot be replaced by another: handlers hold the request, which in Express is the
 * stream itself. So it is restarted in place, by Node's own constructor of readable streams.
 *
 * @internal
 */
export class UnparsedBody {
  /** Called when a pass reads a lost body again; `isSilent` if the reader has no error listener. */
  onLost: ((loss: BodyLoss, isSilent: boolean) => BodySpentError) | undefined;
  /** The stream that the server writes to. */
  readonly #source: Readable;
  /** Whether it is not the request's own stream, but one that a parser left as the parsed body. */
  readonly #isParsed: boolean;
  /** The stream that the pass reads. */
  #stream: Readable;
  /** What was read, and what was left unread in the stream. */
  #kept: Buffer[] = [];
  #bytes = 0;
  #loss: BodyLoss | undefined;
  #listeners: ReadonlyMap<string, readonly Listener[]>;

  private constructor(stream: Readable, isParsed: boolean, loss: BodyLoss | undefined) {
    this.#source = this.#stream = stream;
    this.#isParsed = isParsed;
    this.#loss = loss;
    this.#watch();
    this.#listeners = listenersOf(stream);
  }

  /**
   * Undefined if there is no body, or it was read and parsed.
   *
   * @param isCloned whether guards, which may have read the body, are replayed as well
   */
  static of(request: Request, isCloned: boolean): UnparsedBody | undefined {
    const { body } = request;
    const raw = rawOf(request);
    const isParsed = body instanceof Readable && body !== raw;
    const stream = isParsed ? body : raw;
    if (!(stream instanceof Readable)) return undefined;
    const known = bodies.get(stream);
    if (known !== undefined) return known;
    if (stream.destroyed ? !stream.readableEnded : !isParsed && !hasBody(stream)) return undefined;
    const wasRead = stream.readableDidRead && body === undefined;
    if (stream.readableEnded && !(isCloned && wasRead)) return undefined;
    return new UnparsedBody(stream, isParsed, isCloned && wasRead ? 'guard' : undefined);
  }

  /**
   * Restarts the stream for a pass.
   *
   * @param request the request of that pass
   */
  async rewind(request: Request): Promise<void> {
    const own = this.#isParsed ? this.#stream : (rawOf(request) as Readable);
    if (own !== this.#stream || !this.#isUntouched) {
      const old = await this.#detach();
      const next = this.#isParsed ? new Readable() : own;
      const isNew = next !== this.#stream;
      this.#stream = next;
      this.#begin(old, isNew);
    }
    if (this.#isParsed) request.body = this.#stream;
  }

  /** Stops keeping what is read. */
  forget(): void {
    EventEmitter.prototype.off.call(this.#stream, 'data', this.#keep);
    this.#kept = [];
  }

  get #isUntouched(): boolean {
    const { readableFlowing, readableDidRead, destroyed } = this.#stream;
    return readableFlowing === null && !readableDidRead && !destroyed && this.#loss === undefined;
  }

  /** Does not use Readable's own `on`, which would make the stream flow. */
  #watch(): void {
    bodies.set(this.#stream, this);
    if (this.#isWatched) return;
    EventEmitter.prototype.on.call(this.#stream, 'data', this.#keep);
  }

  get #isWatched(): boolean {
    return this.#stream.listeners('data').includes(this.#keep);
  }

  /** Keeps a copy, since the pass may change what it gets. */
  readonly #keep = (chunk: Buffer | string): void => {
    if (this.#loss !== undefined) return;
    // A chunk is text if the pass set an encoding. A next pass that sets it reads the same.
    const bytes = Buffer.from(chunk as string, this.#stream.readableEncoding ?? undefined);
    this.#bytes += bytes.length;
    this.#kept.push(bytes);
    if (this.#bytes > KEPT_BYTES) this.#lose('size');
  };

  #lose(loss: BodyLoss): void {
    this.#loss ??= loss;
    this.#kept = [];
  }

  /** Takes the stream away from its readers, and keeps what they have not read yet. */
  async #detach(): Promise<ReadState> {
    const stream = this.#stream;
    if (!this.#isWatched) this.#lose('listeners');
    for (const event of EVENTS) dropListeners(stream, event, this.#listeners.get(event) ?? []);
    if (!stream.destroyed) stream.pause();
    else if (!stream.closed) {
      await new Promise((resolve) => EventEmitter.prototype.once.call(stream, 'close', resolve));
    }
    // What Node has scheduled for the old stream must not happen to the restarted one.
    await setImmediate();
    if (stream.destroyed && !stream.readableEnded) this.#lose('destroyed');
    while (!stream.destroyed && stream.readableLength > 0) stream.read();
    const old = stateOf(stream);
    old.endEmitted = true;
    return old;
  }

  /** @param isNew whether this is another stream than the one that was read */
  #begin({ ended, highWaterMark, autoDestroy }: ReadState, isNew: boolean): void {
    const stream = this.#stream;
    // A clone has the listeners of the request that it was made from.
    if (isNew) Object.assign(stream, { _events: undefined });
    const read = this.#isParsed ? { read: (size: number) => readOn(this.#source, size) } : {};
    begin.call(stream, { highWaterMark, autoDestroy, ...read });
    if (isNew) this.#feed(stream);
    this.#watch();
    this.#listeners = listenersOf(stream);
    const kept = this.#kept;
    this.#kept = [];
    this.#bytes = 0;
    if (this.#loss !== undefined) {
      this.#fail(highWaterMark);
      return;
    }
    for (const chunk of kept) stream.push(chunk);
    if (ended) stream.push(null);
  }

  /** Passes on to the stream what the source still receives. */
  #feed(stream: Readable): void {
    const source = this.#source;
    source.push = (chunk, encoding) => this.#stream.push(chunk, encoding);
    // Nothing else ends a stream whose client has disconnected.
    EventEmitter.prototype.once.call(source, 'close', () => {
      const isCut = this.#stream === stream && !stateOf(stream).ended;
      if (isCut) stream.destroy(source.errored ?? undefined);
    });
    for (const name of ['complete', 'aborted'] as const) {
      if (name in source) shareProperty(stream, source, name);
    }
  }

  /** Makes the stream fail when it is read. What still arrives is read off the connection. */
  #fail(highWaterMark: number): void {
    const stream = this.#stream;
    const loss = this.#loss as BodyLoss;
    begin.call(stream, {
      highWaterMark,
      autoDestroy: false,
      read: (size) => {
        if (!this.#isParsed) readOn(stream, size);
        const others = this.#listeners.get('error')?.length ?? 0;
        stream.destroy(this.onLost?.(loss, stream.listenerCount('error') <= others));
      },
      // Without a listener, Node would end the process for this error.
      destroy: (error, done) => done(stream.listenerCount('error') === 0 ? null : error),
    });
    this.#source.push = () => true;
  }
}

/** Whether passes may read this stream, so that none of them may destroy it. @internal */
export function isUnparsedBody(stream: object): boolean {
  return bodies.has(stream);
}

const begin = Readable as unknown as Begin;

function stateOf(stream: Readable): ReadState {
  return Reflect.get(stream, '_readableState') as ReadState;
}

/** Makes the class of the stream fetch more data. */
function readOn(stream: Readable, size: number): void {
  const fetch = Reflect.get(Object.getPrototypeOf(stream) as object, '_read') as Readable['read'];
  fetch.call(stream, size);
}

function hasBody(stream: Readable): boolean {
  const { httpVersionMajor, headers } = stream as IncomingMessage;
  if (httpVersionMajor >= 2) {
    const { stream: http2 } = stream as Partial<Http2ServerRequest>;
    return http2?.endAfterHeaders === false;
  }
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function listenersOf(stream: Readable): Map<string, Listener[]> {
  return new Map(EVENTS.map((event) => [event, stream.rawListeners(event) as Listener[]]));
}

/** Removes the listeners that a pass added: it is over, and must not go on reading. */
function dropListeners(stream: Readable, event: string, before: readonly Listener[]): void {
  for (const listener of stream.rawListeners(event)) {
    if (!before.includes(listener as Listener)) {
      EventEmitter.prototype.off.call(stream, event, listener as Listener);
    }
  }
}

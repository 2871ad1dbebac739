import { connect, type Socket } from 'node:net';

export interface Request {
  readonly n: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** JSON, or nothing. */
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A connection that was closed, or stayed silent, before it brought the answer. */
export class LostAnswer extends Error {}

/** A client's connection to a server. */
export interface Connection {
  /** @throws LostAnswer */
  ask(request: Request): Promise<Answer>;
  /** Sends a part of a request, and does not wait. @param share from 0 to 1 */
  askHalf(request: Request, share: number): void;
  hangUp(): void;
}

/** An HTTP/1.1 connection that is kept alive, and that sees what comes without having been asked for. */
export class Http1Connection implements Connection {
  readonly #socket: Socket;
  readonly #patience: number;
  readonly #onSurplus: () => void;
  #received = Buffer.alloc(0);
  #settle: ((answer: Answer | LostAnswer) => void) | undefined;
  #isClosed = false;

  /**
   * @param patience ms to wait for an answer
   * @param onSurplus called when more comes than one answer to each request
   */
  constructor(url: string, patience: number, onSurplus: () => void) {
    const { hostname, port } = new URL(url);
    this.#patience = patience;
    this.#onSurplus = onSurplus;
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.on('data', (data) => this.#take(data));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#isClosed = true;
      this.#settle?.(new LostAnswer('The connection was closed.'));
    });
  }

  /** @throws LostAnswer */
  async ask(request: Request): Promise<Answer> {
    const outcome = await new Promise<Answer | LostAnswer>((resolve) => {
      const timer = setTimeout(() => resolve(new LostAnswer('No answer came.')), this.#patience);
      this.#settle = (answer) => {
        clearTimeout(timer);
        this.#settle = undefined;
        resolve(answer);
      };
      if (this.#isClosed) this.#settle(new LostAnswer('The connection was closed before.'));
      else this.#socket.write(bytesOf(request));
    });
    if (outcome instanceof LostAnswer) throw outcome;
    return outcome;
  }

  askHalf(request: Request, share: number): void {
    const bytes = bytesOf(request);
    this.#socket.write(bytes.slice(0, Math.floor(share * bytes.length)));
  }

  hangUp(): void {
    this.#socket.destroy();
  }

  #take(data: Buffer): void {
    this.#received = Buffer.concat([this.#received, data]);
    if (this.#settle !== undefined) {
      const taken = parse(this.#received);
      if (taken === undefined) return;
      this.#received = this.#received.subarray(taken.length);
      this.#settle(taken.answer);
    }
    if (this.#received.length === 0) return;
    this.#received = Buffer.alloc(0);
    this.#onSurplus();
  }
}

function bytesOf({ n, method, path, body }: Request): string {
  return (
    `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nX-Asks: ${n}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}

/** The answer that the bytes begin with, unless it is not whole. */
function parse(bytes: Buffer): { answer: Answer; length: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const size = headers.get('content-length');
  if (size === undefined) throw new Error(`An answer without a length: ${first}`);
  const length = end + 4 + Number(size);
  if (bytes.length < length) return undefined;
  const body = bytes.subarray(end + 4, length).toString();
  return { answer: { status: Number(first.split(' ')[1]), headers, body }, length };
}

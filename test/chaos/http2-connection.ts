import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { text } from 'node:stream/consumers';
import { LostAnswer, type Answer, type Connection, type Request } from './connection.js';

const { HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH, HTTP2_HEADER_STATUS, NGHTTP2_CANCEL } = constants;

/** An HTTP/2 connection with one stream after the other; a client that leaves resets its stream. */
export class Http2Connection implements Connection {
  readonly #session: ClientHttp2Session;
  readonly #patience: number;
  #stream: ClientHttp2Stream | undefined;

  /**
   * @param patience ms to wait for an answer
   * @param onSurplus called when the server sends what was not asked for
   */
  constructor(url: string, patience: number, onSurplus: () => void) {
    this.#patience = patience;
    this.#session = connect(url);
    this.#session.on('error', () => {});
    this.#session.on('stream', onSurplus);
  }

  async ask(request: Request): Promise<Answer> {
    try {
      const stream = this.#open(request);
      stream.setTimeout(this.#patience, () => stream.close(NGHTTP2_CANCEL));
      stream.end(request.body);
      return await answerOf(stream);
    } catch (error) {
      throw new LostAnswer(`The stream was closed: ${(error as Error).message}`);
    }
  }

  askHalf(request: Request, share: number): void {
    this.#open(request).write(request.body.slice(0, Math.floor(share * request.body.length)));
  }

  hangUp(): void {
    if (this.#stream?.closed === false) this.#stream.close(NGHTTP2_CANCEL);
    this.#session.close();
  }

  #open({ n, method, path, body }: Request): ClientHttp2Stream {
    const headers = {
      [HTTP2_HEADER_METHOD]: method,
      [HTTP2_HEADER_PATH]: path,
      'x-asks': `${n}`,
      ...(body && { 'content-type': 'application/json', 'content-length': body.length }),
    };
    this.#stream = this.#session.request(headers, { endStream: false });
    this.#stream.on('error', () => {});
    return this.#stream;
  }
}

async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  const headers = new Map<string, string>();
  stream.on('response', (received) => {
    for (const [name, value] of Object.entries(received)) headers.set(name, String(value));
  });
  const body = await text(stream);
  const length = headers.get('content-length');
  const isWhole = length === undefined || Number(length) === Buffer.byteLength(body);
  const status = Number(headers.get(HTTP2_HEADER_STATUS));
  if (!(status > 0) || !isWhole) throw new Error(`status ${status}, ${body.length} characters`);
  return { status, headers, body };
}

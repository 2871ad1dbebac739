import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Answer {
  readonly path: string;
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

/**
 * Asks on a connection of its own, and asks for `/goodbye` on it as well: a second answer to the
 * first would come in between.
 */
export async function ask(url: string, path: string): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n` +
      `GET /goodbye HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`,
  );
  const [answer, goodbye, ...more] = (await text(socket)).split(/(?=HTTP\/1\.1 )/);
  expect([goodbye?.endsWith('goodbye'), more]).toEqual([true, []]);
  const [, status, headers, body] = /^HTTP\/1\.1 (\d+)(.*?)\r\n\r\n(.*)$/s.exec(answer ?? '') ?? [];
  return { path, status: Number(status), headers: headers ?? '', body: body ?? '' };
}

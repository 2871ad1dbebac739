import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** Sends a GET on a connection of its own; resolves to all bytes that came until it was closed. */
export async function rawGet(url: string, path: string): Promise<string> {
  return rawExchange(url, `GET ${path} HTTP/1.1`);
}

/** Sends these lines and a body on a connection of its own; resolves to all bytes that came until it was closed. */
export async function rawExchange(url: string, lines: string, body = ''): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(`${lines}\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n${body}`);
  return text(socket);
}

/** How many responses there are in what came over a connection. */
export function countResponses(received: string): number {
  return received.split('HTTP/1.1 ').length - 1;
}

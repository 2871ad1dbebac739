import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** Sends a GET on a connection of its own; resolves to all bytes that came until it was closed. */
export async function rawGet(url: string, path: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
  return text(socket);
}

/** How many responses there are in what came over a connection. */
export function countResponses(received: string): number {
  return received.split('HTTP/1.1 ').length - 1;
}

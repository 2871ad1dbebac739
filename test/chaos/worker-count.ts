import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { WORKERS } from './limits.js';

/** ms after which workers that are missing stay so; one that is stuck is replaced after 5 s. */
const TIME_TO_REPLACE = 20_000;

/**
 * How many tasks run at once, of as many as there may be workers. They meet at a port, since
 * processes share no memory.
 *
 * @param run starts a task that connects to the port, and ends when it is sent something
 */
export async function countAtOnce(run: (port: number) => Promise<unknown>): Promise<number> {
  const present = new Set<Socket>();
  let most = 0;
  let isOpen = false;
  const open = () => {
    isOpen = true;
    for (const socket of present) socket.end('.');
  };
  const gate = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('close', () => present.delete(socket));
    present.add(socket);
    most = Math.max(most, present.size);
    if (isOpen || present.size === WORKERS) open();
  }).listen(0, '127.0.0.1');
  await once(gate, 'listening');
  const { port } = gate.address() as AddressInfo;
  const limit = setTimeout(open, TIME_TO_REPLACE);
  await Promise.allSettled(Array.from({ length: WORKERS }, () => run(port)));
  clearTimeout(limit);
  gate.close();
  return most;
}

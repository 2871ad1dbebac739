import { once } from 'node:events';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocket, type RawData } from 'ws';
import type { AppOptions, TestApp } from './app.js';

const open = new Set<WebSocket>();

// Runs before the hook that closes the apps.
afterEach(() => {
  for (const each of open) each.terminate();
  open.clear();
});

/** Has the app's gateways serve WebSockets beside HTTP. */
export function withWebSockets(options: AppOptions): AppOptions {
  return {
    ...options,
    setup: async (app) => {
      app.useWebSocketAdapter(new WsAdapter(app));
      await options.setup?.(app);
    },
  };
}

export interface TestSocket {
  /** Sends a message, and gives the next one that comes. */
  ask(event: string, data?: unknown): Promise<unknown>;
  send(event: string, data?: unknown): void;
  /** Gives the next message that comes. */
  next(): Promise<unknown>;
  close(): void;
}

/** Connects to the gateways of an app. The connection is closed after the test. */
export async function connectSocket({ url }: TestApp): Promise<TestSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'));
  open.add(socket);
  await once(socket, 'open');
  const socketClient: TestSocket = {
    ask: (event, data = {}) => {
      const answer = socketClient.next();
      socketClient.send(event, data);
      return answer;
    },
    send: (event, data = {}) => socket.send(JSON.stringify({ event, data })),
    next: async () => {
      const [message] = (await once(socket, 'message')) as [RawData];
      return JSON.parse((message as Buffer).toString()) as unknown;
    },
    close: () => socket.close(),
  };
  return socketClient;
}

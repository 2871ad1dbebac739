import type { AddressInfo, Server } from 'node:net';
import type { INestMicroservice } from '@nestjs/common';
import {
  ClientProxyFactory,
  Transport,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { lastValueFrom, toArray } from 'rxjs';
import {
  FuturesModule,
  type FuturesModuleExtras,
  type FuturesModuleOptions,
} from '../../src/index.js';
import { startApp, type AppOptions, type TestApp } from './app.js';
import { MemoryLogger } from './memory-logger.js';

const TCP: MicroserviceOptions = {
  transport: Transport.TCP,
  options: { host: '127.0.0.1', port: 0 },
};

export interface RpcOptions extends Omit<AppOptions, 'futures'> {
  futures?: FuturesModuleOptions & FuturesModuleExtras;
  /** Of a connected microservice. */
  hybrid?: { inheritAppConfig?: boolean; deferInitialization?: boolean };
}

export interface RpcApp {
  readonly log: MemoryLogger;
  /** The HTTP side, of a connected microservice. */
  readonly http: TestApp | undefined;
  /** Sends a message, and gives all that is answered. */
  send(pattern: string, data?: unknown): Promise<unknown[]>;
  emit(pattern: string, data?: unknown): Promise<void>;
}

export type RpcHost =
  'createMicroservice' | 'connectMicroservice (express)' | 'connectMicroservice (fastify)';

const open = new Set<{ close(): unknown }>();

// Runs before the hook that closes the apps.
afterEach(async () => {
  for (const each of open) await each.close();
  open.clear();
});

/** Starts an app that takes messages over TCP. It is closed after the test. */
export async function startRpc(host: RpcHost, options: RpcOptions): Promise<RpcApp> {
  if (host === 'createMicroservice') {
    const { futures, setup, hybrid: _, imports = [], ...metadata } = options;
    const log = new MemoryLogger();
    const module = await Test.createTestingModule({
      imports: [FuturesModule.forRoot(futures), ...imports],
      ...metadata,
    })
      .setLogger(log)
      .compile();
    const service = module.createNestMicroservice<MicroserviceOptions>(TCP);
    service.useLogger(log);
    await setup?.(service as never);
    await service.listen();
    open.add(service);
    return connect(service, log, undefined);
  }
  const { hybrid, ...rest } = options;
  let service: INestMicroservice | undefined;
  const http = await startApp(host.includes('express') ? 'express' : 'fastify', {
    ...rest,
    setup: async (app) => {
      await options.setup?.(app);
      service = app.connectMicroservice<MicroserviceOptions>(TCP, hybrid);
    },
  });
  await http.app.startAllMicroservices();
  return connect(service as INestMicroservice, http.log, http);
}

/** Runs a suite over each way to take messages. */
export function onEachRpcHost(
  name: string,
  suite: (start: (options: RpcOptions) => Promise<RpcApp>) => void,
): void {
  describe.each<RpcHost>([
    'createMicroservice',
    'connectMicroservice (express)',
    'connectMicroservice (fastify)',
  ])(`${name} (%s)`, (host) => {
    suite((options) => startRpc(host, options));
  });
}

function connect(service: INestMicroservice, log: MemoryLogger, http: TestApp | undefined): RpcApp {
  const { port } = service.unwrap<Server>().address() as AddressInfo;
  const client: ClientProxy = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
  });
  open.add(client);
  return {
    log,
    http,
    send: (pattern, data = {}) => lastValueFrom(client.send(pattern, data).pipe(toArray())),
    emit: async (pattern, data = {}) => {
      await lastValueFrom(client.emit(pattern, data), { defaultValue: undefined });
    },
  };
}

import type { DynamicModule, INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import {
  FuturesModule,
  type FuturesModuleExtras,
  type FuturesModuleOptions,
} from '../../src/index.js';
import { MemoryLogger } from './memory-logger.js';

export type AdapterName = 'express' | 'fastify';

export interface AppOptions extends Pick<ModuleMetadata, 'providers' | 'controllers' | 'imports'> {
  /** Options of the module; or the module itself. */
  futures?: (FuturesModuleOptions & FuturesModuleExtras) | DynamicModule | 'none';
  /** Runs before the app is initialised, as `main.ts` does. */
  setup?: (app: INestApplication) => unknown;
}

export interface TestApp {
  readonly app: INestApplication;
  readonly url: string;
  readonly log: MemoryLogger;
  get(path: string, init?: RequestInit): Promise<TestResponse>;
  close(): Promise<void>;
}

export interface TestResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; the text where it is none. */
  readonly body: unknown;
}

const open = new Set<TestApp>();

afterEach(async () => {
  for (const each of open) await each.close();
});

/** Starts an app with a controller that the test declares. It is closed after the test. */
export async function startApp(adapter: AdapterName, options: AppOptions): Promise<TestApp> {
  return startOn(
    adapter === 'express' ? new ExpressAdapter() : (new FastifyAdapter() as never),
    options,
  );
}

/** The same, on an adapter with options of its own. */
export async function startOn(adapter: AbstractHttpAdapter, options: AppOptions): Promise<TestApp> {
  const log = new MemoryLogger();
  const { futures = {}, setup, imports = [], ...metadata } = options;
  const module = await Test.createTestingModule({
    imports: [...(futures === 'none' ? [] : [toModule(futures)]), ...imports],
    ...metadata,
  })
    .setLogger(log)
    .compile();
  const app = module.createNestApplication(adapter);
  app.useLogger(log);
  await setup?.(app);
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const started: TestApp = {
    app,
    url,
    log,
    get: (path, init) => request(url + path, init),
    close: async () => {
      if (open.delete(started)) await app.close();
    },
  };
  open.add(started);
  return started;
}

export async function request(url: string, init?: RequestInit): Promise<TestResponse> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parse(text) };
}

/** Runs a suite over each HTTP adapter. */
export function onEachAdapter(
  name: string,
  suite: (start: (options: AppOptions) => Promise<TestApp>) => void,
): void {
  describe.each(['express', 'fastify'] as const)(`${name} (%s)`, (adapter) => {
    suite((options) => startApp(adapter, options));
  });
}

function toModule(
  futures: Exclude<AppOptions['futures'], 'none' | undefined>,
): DynamicModule | Type {
  return 'module' in futures ? futures : FuturesModule.forRoot(futures);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

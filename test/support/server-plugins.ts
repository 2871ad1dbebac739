import { EventEmitter } from 'node:events';
import fastifyCompress from '@fastify/compress';
import fastifyCookie from '@fastify/cookie';
import fastifyHelmet from '@fastify/helmet';
import fastifySession from '@fastify/session';
import type { INestApplication } from '@nestjs/common';
import compression from 'compression';
import cookieParser from 'cookie-parser';
import expressSession from 'express-session';
import helmet from 'helmet';

const secret = 'a secret of no less than thirty-two characters';

/** Keeps sessions, and counts how often they were written. */
export class SessionStore extends EventEmitter {
  readonly sessions = new Map<string, string>();
  writes = 0;

  get(id: string, done: (error: unknown, session?: never) => void): void {
    const session = this.sessions.get(id);
    done(null, session === undefined ? undefined : (JSON.parse(session) as never));
  }

  set(id: string, session: unknown, done?: (error?: unknown) => void): void {
    this.writes++;
    this.sessions.set(id, JSON.stringify(session));
    done?.();
  }

  destroy(id: string, done?: (error?: unknown) => void): void {
    this.sessions.delete(id);
    done?.();
  }
}

/** express-session's base class, whose methods it expects of a store. */
class ExpressStore extends expressSession.Store {
  constructor(private readonly kept: SessionStore) {
    super();
  }
  override get(id: string, done: (error: unknown, session?: never) => void): void {
    this.kept.get(id, done);
  }
  override set(id: string, session: unknown, done?: (error?: unknown) => void): void {
    this.kept.set(id, session, done);
  }
  override destroy(id: string, done?: (error?: unknown) => void): void {
    this.kept.destroy(id, done);
  }
}

interface FastifyApp {
  register(plugin: unknown, options?: object): PromiseLike<unknown>;
}

function fastifyOf(app: INestApplication): FastifyApp | undefined {
  const adapter = app.getHttpAdapter();
  return adapter.getType() === 'fastify' ? (adapter.getInstance() as FastifyApp) : undefined;
}

/** Has the server set security headers, on either adapter. */
export async function useHelmet(app: INestApplication): Promise<void> {
  const fastify = fastifyOf(app);
  if (fastify === undefined) app.use(helmet());
  else await fastify.register(fastifyHelmet);
}

/** Has the server compress whatever it sends, on either adapter. */
export async function useCompression(app: INestApplication): Promise<void> {
  const fastify = fastifyOf(app);
  if (fastify === undefined) app.use(compression({ threshold: 0 }));
  else await fastify.register(fastifyCompress, { threshold: 0 });
}

/** Has the server parse cookies, signed ones too, on either adapter. */
export async function useCookies(app: INestApplication): Promise<void> {
  const fastify = fastifyOf(app);
  if (fastify === undefined) app.use(cookieParser(secret));
  else await fastify.register(fastifyCookie, { secret });
}

/** Gives each client a session, on either adapter. */
export async function useSessions(app: INestApplication, store: SessionStore): Promise<void> {
  const fastify = fastifyOf(app);
  if (fastify === undefined) {
    app.use(
      expressSession({
        secret,
        resave: false,
        saveUninitialized: false,
        store: new ExpressStore(store),
      }),
    );
    return;
  }
  await fastify.register(fastifyCookie);
  await fastify.register(fastifySession, {
    secret,
    store,
    saveUninitialized: false,
    cookie: { secure: false },
  });
}

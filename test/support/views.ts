import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import view from '@fastify/view';
import type { INestApplication } from '@nestjs/common';
import Handlebars from 'handlebars';

const folder = fileURLToPath(new URL('../fixtures/views', import.meta.url));

/** Has the app render Handlebars templates with these helpers, on either adapter. */
export async function useViews(
  nest: INestApplication,
  helpers: Record<string, (...args: never[]) => unknown>,
): Promise<void> {
  const handlebars = Handlebars.create();
  for (const [name, helper] of Object.entries(helpers))
    handlebars.registerHelper(name, helper as never);
  const adapter = nest.getHttpAdapter();
  if (adapter.getType() === 'fastify') {
    const server = adapter.getInstance() as { register(...args: unknown[]): PromiseLike<void> };
    await server.register(view, { engine: { handlebars }, root: folder, viewExt: 'hbs' });
    return;
  }
  const server = adapter.getInstance() as {
    engine(extension: string, engine: unknown): void;
    set(name: string, value: string): void;
  };
  server.engine(
    'hbs',
    (path: string, model: unknown, done: (e: unknown, page?: string) => void) => {
      try {
        done(null, handlebars.compile(readFileSync(path, 'utf8'))(model));
      } catch (error) {
        done(error);
      }
    },
  );
  server.set('view engine', 'hbs');
  server.set('views', folder);
}

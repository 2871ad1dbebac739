import {
  Controller,
  Get,
  Header,
  HttpCode,
  Injectable,
  Post,
  Redirect,
  Res,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { Futures, FuturesService } from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { tasks } from '../support/tasks.js';

/** What an Express response and a Fastify reply have in common. */
interface Head {
  status(code: number): unknown;
  header(name: string, value: string | string[]): unknown;
  removeHeader(name: string): unknown;
  appendHeader?(name: string, value: string): unknown;
}

/** A controller that does this to the head in the first pass, and leaves it alone in the second. */
function desk(inFirstPass: (head: Head, futures: FuturesService) => unknown): Type {
  @Controller()
  class Desk {
    @Get()
    page(@Futures() futures: FuturesService, @Res({ passthrough: true }) head: Head) {
      if (!futures.isReplay) inFirstPass(head, futures);
      return { x: futures.resultOrSubmit('x', 'placeholder', tasks.echo, 'value') };
    }
  }
  return Desk;
}

/** A middleware that sets these headers. */
function before(headers: Record<string, string | string[]>) {
  return (app: INestApplication) =>
    app.use((_request: unknown, response: ServerResponse, next: () => void) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      next();
    });
}

function append(head: Head, name: string, value: string): void {
  // Fastify's header() adds to a Set-Cookie.
  if (head.appendHeader === undefined) head.header(name, value);
  else head.appendHeader(name, value);
}

@Injectable()
class Usher implements CanActivate {
  canActivate(context: ExecutionContext) {
    const head = context.switchToHttp().getResponse<Head>();
    head.header('x-guard', 'guard');
    head.header('set-cookie', ['seat=1', 'row=2']);
    return true;
  }
}

onEachAdapter('the head of a discarded pass', (start) => {
  it('leaves no status and no header behind', async () => {
    const page = desk((head) => {
      head.status(418);
      head.header('x-first', 'pass 1');
      head.header('x-list', ['a', 'b']);
      head.header('set-cookie', ['one=1', 'two=2']);
      head.header('content-type', 'text/x-placeholder');
      head.header('cache-control', 'public, max-age=3600');
    });
    const app = await start({ controllers: [page] });
    const { status, headers, body } = await app.get('/');
    expect({ status, body }).toEqual({ status: 200, body: { x: 'value' } });
    expect(headers.get('content-type')).toMatch('application/json');
    for (const name of ['x-first', 'x-list', 'set-cookie', 'cache-control']) {
      expect([name, headers.get(name)]).toEqual([name, null]);
    }
  });

  it('leaves what was set before it as it was: changed, removed or added to', async () => {
    const setup = before({
      'x-changed': 'middleware',
      'x-removed': 'middleware',
      'x-list': ['a', 'b'],
      'set-cookie': ['session=1'],
    });
    const page = desk((head) => {
      head.header('x-changed', 'pass 1');
      head.removeHeader('x-removed');
      head.header('x-list', 'pass 1');
      append(head, 'set-cookie', 'pass=1');
    });
    const app = await start({ controllers: [page], setup });
    const { headers } = await app.get('/');
    expect(headers.get('x-changed')).toBe('middleware');
    expect(headers.get('x-removed')).toBe('middleware');
    expect(headers.get('x-list')).toBe('a, b');
    expect(headers.getSetCookie()).toEqual(['session=1']);
  });

  it('leaves what a guard has set as it was', async () => {
    const page = desk((head) => {
      head.header('x-guard', 'pass 1');
      append(head, 'set-cookie', 'pass=1');
    });
    UseGuards(Usher)(page);
    const app = await start({ controllers: [page] });
    const { headers } = await app.get('/');
    expect(headers.get('x-guard')).toBe('guard');
    expect(headers.getSetCookie()).toEqual(['seat=1', 'row=2']);
  });

  it('is dropped even if an interceptor set it', async () => {
    @Injectable()
    class Counter implements NestInterceptor {
      #passes = 0;
      intercept(context: ExecutionContext, next: CallHandler) {
        this.#passes++;
        const head = context.switchToHttp().getResponse<Head>();
        head.header(`x-pass-${this.#passes}`, 'yes');
        return next.handle();
      }
    }
    const page = desk(() => {});
    UseInterceptors(Counter)(page);
    const app = await start({ controllers: [page] });
    const { headers } = await app.get('/');
    expect(headers.get('x-pass-1')).toBeNull();
    expect(headers.get('x-pass-2')).toBe('yes');
  });

  it('does not reach an error response either: neither of the last pass nor of the limit', async () => {
    @Controller()
    class Desk {
      @Get('task')
      task(@Futures() futures: FuturesService, @Res({ passthrough: true }) head: Head) {
        if (!futures.isReplay) head.header('set-cookie', 'pass=1');
        return { x: futures.resultOrSubmit('x', '', tasks.notFound, 'paper') };
      }
      @Get('limit')
      limit(@Futures() futures: FuturesService, @Res({ passthrough: true }) head: Head) {
        head.header('set-cookie', `pass=${futures.pass}`);
        return { x: futures.resultOrSubmit(`x ${futures.pass}`, '', tasks.echo, 'x') };
      }
    }
    const app = await start({ controllers: [Desk] });
    const task = await app.get('/task');
    expect(task.status).toBe(404);
    expect(task.headers.getSetCookie()).toEqual([]);
    const limit = await app.get('/limit');
    expect(limit.status).toBe(500);
    expect(limit.headers.getSetCookie()).toEqual([]);
  });
});

onEachAdapter('the head of the last pass', (start) => {
  it('is published once, even though every pass sets it', async () => {
    @UseGuards(Usher)
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService, @Res({ passthrough: true }) head: Head) {
        const { pass } = futures;
        head.status(200 + pass);
        head.header('x-pass', `${pass}`);
        append(head, 'set-cookie', `pass=${pass}`);
        const x = futures.resultOrSubmit('x', '', tasks.echo, 'x');
        return { y: x && futures.resultOrSubmit('y', '', tasks.echo, 'y') };
      }
    }
    const app = await start({ controllers: [Desk] });
    const { status, headers } = await app.get('/');
    expect(status).toBe(203);
    expect(headers.get('x-pass')).toBe('3');
    expect(headers.getSetCookie()).toEqual(['seat=1', 'row=2', 'pass=3']);
  });

  it('comes from the pass that called publish()', async () => {
    const page = desk((head, futures) => {
      head.status(202);
      head.header('x-first', 'pass 1');
      futures.publish();
    });
    const app = await start({ controllers: [page] });
    const { status, headers, body } = await app.get('/');
    expect({ status, body }).toEqual({ status: 202, body: { x: 'placeholder' } });
    expect(headers.get('x-first')).toBe('pass 1');
  });

  it('has what @HttpCode() and @Header() say, and @Redirect() goes where that pass says', async () => {
    @Controller()
    class Desk {
      @HttpCode(202)
      @Header('x-declared', 'yes')
      @Get('code')
      code(@Futures() futures: FuturesService) {
        return { x: futures.resultOrSubmit('x', '', tasks.echo, 'x') };
      }
      @Post('post')
      post(@Futures() futures: FuturesService) {
        return { x: futures.resultOrSubmit('x', '', tasks.echo, 'x') };
      }
      @Redirect()
      @Get('redirect')
      redirect(@Futures() futures: FuturesService) {
        const url = futures.resultOrSubmit('url', '/placeholder', tasks.echo, '/value');
        return { url, statusCode: futures.isReplay ? 303 : 301 };
      }
    }
    const app = await start({ controllers: [Desk] });
    const code = await app.get('/code');
    expect(code.status).toBe(202);
    expect(code.headers.get('x-declared')).toBe('yes');
    expect((await app.get('/post', { method: 'POST' })).status).toBe(201);
    const redirect = await app.get('/redirect');
    expect(redirect.status).toBe(303);
    expect(redirect.headers.get('location')).toBe('/value');
  });
});

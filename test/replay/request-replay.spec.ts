import {
  Catch,
  Controller,
  ForbiddenException,
  Get,
  Header,
  HttpCode,
  Inject,
  Injectable,
  Post,
  Redirect,
  Req,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  VersioningType,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { finalize, tap } from 'rxjs';
import { Futures, FuturesService, UseFutures } from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { tasks } from '../support/tasks.js';

onEachAdapter("replay: 'request'", (start) => {
  it('runs guards, interceptors and handler again in a new request scope, middleware not', async () => {
    const order: string[] = [];
    let instances = 0;

    @Injectable({ scope: Scope.REQUEST })
    class Basket {
      readonly id = ++instances;
    }
    @Injectable()
    class Guard implements CanActivate {
      canActivate() {
        order.push('guard');
        return true;
      }
    }
    @Injectable()
    class Around implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler) {
        order.push('interceptor');
        return next.handle().pipe(
          tap({ error: (error: Error) => order.push(error.name) }),
          finalize(() => order.push('finalize')),
        );
      }
    }
    @Controller()
    @UseFutures({ replay: 'request' })
    @UseGuards(Guard)
    @UseInterceptors(Around)
    class Desk {
      constructor(
        @Inject(Basket) private readonly basket: Basket,
        @Inject(FuturesService) private readonly futures: FuturesService,
      ) {}
      @Get()
      page() {
        order.push(`handler ${this.basket.id}`);
        return { sum: this.futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
    }
    const app = await start({
      controllers: [Desk],
      providers: [Basket],
      setup: (nest) =>
        nest.use((_request: unknown, _response: unknown, next: () => void) => {
          order.push('middleware');
          next();
        }),
    });
    expect(await app.get('/')).toMatchObject({ status: 200, body: { sum: 3 } });
    expect(order).toEqual([
      'middleware',
      'guard',
      'interceptor',
      'handler 1',
      'PassDiscardedError',
      'finalize',
      'guard',
      'interceptor',
      'handler 2',
      'finalize',
    ]);
    expect(app.log.errors).toEqual([]);
  });

  it('does not show a pass what an earlier pass did to the request', async () => {
    const seen: unknown[] = [];
    @Controller()
    class Desk {
      @Get()
      page(@Req() request: { note?: string }, @Futures() futures: FuturesService) {
        seen.push(request.note);
        request.note = `pass ${futures.pass}`;
        return futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
      }
    }
    const app = await start({ controllers: [Desk], futures: { replay: 'request' } });
    expect((await app.get('/')).text).toBe('3');
    expect(seen).toEqual([undefined, undefined]);
  });

  it('chains passes with the same body', async () => {
    @Controller()
    class Desk {
      @Post()
      page(@Req() request: { body: { n: number } }, @Futures() futures: FuturesService) {
        let n = request.body.n;
        for (const step of ['one', 'two', 'three']) {
          n = futures.resultOrSubmit(step, 0, tasks.add, n, 1);
          futures.barrier();
        }
        return { n, passes: futures.pass };
      }
    }
    const app = await start({ controllers: [Desk], futures: { replay: 'request' } });
    const response = await app.get('/', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ n: 10 }),
    });
    expect(response).toMatchObject({ status: 201, body: { n: 13, passes: 4 } });
  });

  it('publishes status, headers, redirects and errors as the route declares them', async () => {
    @Catch(ForbiddenException)
    class Teapot implements ExceptionFilter {
      catch(_error: unknown, host: ArgumentsHost) {
        const response = host.switchToHttp().getResponse<{
          status(code: number): { send(body: unknown): void };
        }>();
        response.status(418).send({ filtered: true });
      }
    }
    let visits = 0;
    @Injectable()
    class OnlyOnce implements CanActivate {
      canActivate() {
        return ++visits === 1;
      }
    }
    @Controller()
    class Desk {
      @Get('plain')
      @HttpCode(202)
      @Header('x-desk', 'yes')
      plain(@Futures() futures: FuturesService) {
        return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
      @Get('moved')
      @Redirect('/nowhere')
      moved(@Futures() futures: FuturesService) {
        return { url: `/${futures.resultOrSubmit('sum', 0, tasks.add, 1, 2)}` };
      }
      @Get('fails')
      fails(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('chart', '', tasks.notFound, 'chart');
      }
      @Get('guarded')
      @UseGuards(OnlyOnce)
      @UseFilters(Teapot)
      guarded(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
      }
    }
    const app = await start({ controllers: [Desk], futures: { replay: 'request' } });
    const plain = await app.get('/plain');
    expect([plain.status, plain.headers.get('x-desk'), plain.body]).toEqual([
      202,
      'yes',
      { sum: 3 },
    ]);
    const moved = await app.get('/moved');
    expect([moved.status, moved.headers.get('location')]).toEqual([302, '/3']);
    expect(await app.get('/fails')).toMatchObject({ status: 404, body: { message: 'No chart' } });
    expect(await app.get('/guarded')).toMatchObject({ status: 418, body: { filtered: true } });
  });

  it('finds versioned and host-filtered routes again', async () => {
    @Controller({ path: 'v', version: '2' })
    class Versioned {
      @Get()
      page(@Futures() futures: FuturesService) {
        return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
    }
    @Controller({ path: 'h', host: ':tenant' })
    class Hosted {
      @Get()
      page(@Req() request: { hosts: { tenant: string } }, @Futures() futures: FuturesService) {
        return {
          tenant: request.hosts.tenant,
          sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2),
        };
      }
    }
    const app = await start({
      controllers: [Versioned, Hosted],
      futures: { replay: 'request' },
      setup: (nest) => nest.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }),
    });
    const headers = { 'x-version': '2' };
    expect((await app.get('/v', { headers })).body).toEqual({ sum: 3 });
    expect((await app.get('/h')).body).toMatchObject({ sum: 3 });
  });
});

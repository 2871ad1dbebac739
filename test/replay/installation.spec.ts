import {
  Controller,
  Get,
  Injectable,
  Scope,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { APP_INTERCEPTOR, ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { InterceptorsContextCreator } from '@nestjs/core/internal';
import { tap } from 'rxjs';
import { Future, Futures, FuturesService } from '../../src/index.js';
import { onEachAdapter, type AppOptions, type TestApp } from '../support/app.js';
import { tasks } from '../support/tasks.js';

function tracing(name: string, order: string[] = []): Type<NestInterceptor> {
  @Injectable()
  class Tracing implements NestInterceptor {
    intercept(_context: ExecutionContext, next: CallHandler) {
      order.push(`${name} in`);
      return next.handle().pipe(
        tap({
          next: () => order.push(`${name} value`),
          error: () => order.push(`${name} error`),
        }),
      );
    }
  }
  return Tracing;
}

/** Each way to bind a global interceptor. */
function globalInterceptors(order: string[] = []) {
  const used = tracing('used', order);
  const provided = tracing('provided', order);
  const scoped = tracing('scoped', order);
  const setup: AppOptions['setup'] = (app) => void app.useGlobalInterceptors(new used());
  const provide = { provide: APP_INTERCEPTOR, useClass: provided };
  const provideScoped = { provide: APP_INTERCEPTOR, useClass: scoped, scope: Scope.REQUEST };
  return { used, provided, scoped, setup, provide, provideScoped };
}

function handlerOf(controller: Type, name: string): () => unknown {
  return Object.getOwnPropertyDescriptor(controller.prototype, name)?.value as () => unknown;
}

/** What Nest's metadata lists on the class and on the handler. */
function boundTo(controller: Type, name: string): unknown[] {
  return [controller, handlerOf(controller, name)].map((target): unknown =>
    Reflect.getMetadata('__interceptors__', target),
  );
}

/** The classes of the interceptors that Nest resolves for a route, in their order. */
function resolvedFor({ app }: TestApp, controller: Type, name: string): unknown[] {
  const modules = app.get(ModulesContainer);
  const [key] = [...modules].find(([, { controllers }]) => controllers.has(controller)) ?? [];
  const container = { getModules: () => modules };
  const creator = new InterceptorsContextCreator(container as never, app.get(ApplicationConfig));
  return creator

    .create(Object.create(controller.prototype), handlerOf(controller, name), key ?? '', { id: 1 })
    .map((interceptor) => interceptor.constructor);
}

onEachAdapter('a route without futures', (start) => {
  const { used, provided, scoped, setup, provide, provideScoped } = globalInterceptors();

  it.each<[string, Omit<AppOptions, 'controllers'>, Type[]]>([
    ['no global ones', {}, []],
    ['useGlobalInterceptors', { setup }, [used]],
    ['APP_INTERCEPTOR', { providers: [provide] }, [provided]],
    ['a request-scoped APP_INTERCEPTOR', { providers: [provideScoped] }, [scoped]],
    ['all of them', { setup, providers: [provide, provideScoped] }, [provided, used, scoped]],
  ])('has only the interceptors of the app: with %s', async (_, options, global) => {
    const ofClass = tracing('class');
    const ofMethod = tracing('method');
    @Controller('plain')
    class Plain {
      @Get('bare')
      bare() {
        return {};
      }
      @UseInterceptors(ofMethod)
      @Get('bound')
      bound() {
        return {};
      }
      @Get('beside')
      beside(@Futures() futures: FuturesService) {
        return { x: futures.resultOrSubmit('x', 0, tasks.add, 1, 2) };
      }
    }
    @UseInterceptors(ofClass)
    @Controller('decorated')
    class Decorated {
      @UseInterceptors(ofMethod)
      @Get('bound')
      bound() {
        return {};
      }
    }
    const app = await start({ controllers: [Plain, Decorated], ...options });
    expect(boundTo(Plain, 'bare')).toEqual([undefined, undefined]);
    expect(boundTo(Plain, 'bound')).toEqual([undefined, [ofMethod]]);
    expect(boundTo(Decorated, 'bound')).toEqual([[ofClass], [ofMethod]]);
    expect((await app.get('/plain/beside')).body).toEqual({ x: 3 });
    expect(resolvedFor(app, Plain, 'bare')).toEqual(global);
    expect(resolvedFor(app, Plain, 'bound')).toEqual([...global, ofMethod]);
    expect(resolvedFor(app, Decorated, 'bound')).toEqual([...global, ofClass, ofMethod]);
  });

  it('has no interceptor of this module beside a route with futures', async () => {
    const ofClass = tracing('class');
    @UseInterceptors(ofClass)
    @Controller()
    class Desk {
      @Get('bare')
      bare() {
        return {};
      }
      @Get('beside')
      beside(@Futures() futures: FuturesService) {
        return { x: futures.resultOrSubmit('x', 0, tasks.add, 1, 2) };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/beside')).body).toEqual({ x: 3 });
    expect(resolvedFor(app, Desk, 'bare')).toEqual([ofClass]);
  });

  it('has no interceptor of this module if its futures are all declared', async () => {
    @Controller()
    class Desk {
      @Get()
      page(@Future('sum', { task: tasks.add, args: () => [1, 2] }) sum: number) {
        return { sum };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).body).toEqual({ sum: 3 });
    expect(boundTo(Desk, 'page')).toEqual([undefined, undefined]);
    expect(resolvedFor(app, Desk, 'page')).toEqual([]);
  });
});

onEachAdapter('a route with futures', (start) => {
  const bindings: [string, string[]][] = [
    ['no interceptor', []],
    ['method interceptors', ['method']],
    ['class interceptors', ['class']],
    ['class and method interceptors', ['class', 'method']],
    ['global interceptors', ['provided', 'used']],
    ['request-scoped global interceptors', ['scoped']],
    ['all of them', ['provided', 'used', 'scoped', 'class', 'method']],
  ];

  it.each(bindings)('has one interceptor outside and a barrier inside of %s', async (_, names) => {
    const order: string[] = [];
    const { setup, provide, provideScoped } = globalInterceptors(order);
    const bind = (name: string) => (names.includes(name) ? [tracing(name, order)] : []);
    @UseInterceptors(...bind('class'))
    @Controller()
    class Desk {
      @UseInterceptors(...bind('method'))
      @Get()
      page(@Futures() futures: FuturesService) {
        order.push(`handler ${futures.pass}`);
        return { x: futures.resultOrSubmit('x', 0, () => order.push('task')) };
      }
    }
    const app = await start({
      controllers: [Desk],
      providers: [
        ...(names.includes('provided') ? [provide] : []),
        ...(names.includes('scoped') ? [provideScoped] : []),
      ],
      setup: (nest) => names.includes('used') && setup?.(nest),
    });
    expect((await app.get('/')).status).toBe(200);
    const inwards = names.map((name) => `${name} in`);
    const outwards = names.toReversed();
    expect(order).toEqual([
      ...inwards,
      'handler 1',
      ...outwards.map((name) => `${name} error`),
      'task',
      ...inwards,
      'handler 2',
      ...outwards.map((name) => `${name} value`),
    ]);
  });
});

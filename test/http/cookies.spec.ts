import cookies from '@fastify/cookie';
import {
  Controller,
  Get,
  Injectable,
  Res,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Futures, FuturesService } from '../../src/index.js';
import { startApp, type AdapterName } from '../support/app.js';
import { tasks } from '../support/tasks.js';

/** How a handler sets cookies on either adapter: Express has it built in, Fastify by a plugin. */
interface Cookies {
  cookie?(name: string, value: string, options?: object): unknown;
  setCookie?(name: string, value: string, options?: object): unknown;
  clearCookie(name: string): unknown;
}

function setCookie(response: Cookies, name: string, value: string): void {
  const options = { path: '/', sameSite: 'strict' };
  if (response.setCookie === undefined) response.cookie?.(name, value, options);
  else response.setCookie(name, value, options);
}

@Injectable()
class Usher implements CanActivate {
  canActivate(context: ExecutionContext) {
    setCookie(context.switchToHttp().getResponse<Cookies>(), 'seat', 'guard');
    return true;
  }
}

async function usePlugin(app: INestApplication, adapter: AdapterName): Promise<void> {
  if (adapter === 'fastify') {
    await (app as NestFastifyApplication).register(cookies);
  }
}

describe.each(['express', 'fastify'] as const)('cookies (%s)', (adapter) => {
  const start = (controller: new () => object) =>
    startApp(adapter, { controllers: [controller], setup: (app) => usePlugin(app, adapter) });

  it('of a discarded pass are not sent, neither set nor cleared', async () => {
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService, @Res({ passthrough: true }) response: Cookies) {
        if (!futures.isReplay) {
          setCookie(response, 'pass', '1');
          response.clearCookie('session');
        }
        return { x: futures.resultOrSubmit('x', '', tasks.echo, 'x') };
      }
    }
    const app = await start(Desk);
    const { status, headers } = await app.get('/');
    expect(status).toBe(200);
    expect(headers.getSetCookie()).toEqual([]);
  });

  it('of the last pass are sent once', async () => {
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService, @Res({ passthrough: true }) response: Cookies) {
        setCookie(response, 'pass', `${futures.pass}`);
        setCookie(response, 'theme', 'dark');
        const x = futures.resultOrSubmit('x', '', tasks.echo, 'x');
        return { y: x && futures.resultOrSubmit('y', '', tasks.echo, 'y') };
      }
    }
    const app = await start(Desk);
    const { headers } = await app.get('/');
    expect(headers.getSetCookie()).toEqual([
      'pass=3; Path=/; SameSite=Strict',
      'theme=dark; Path=/; SameSite=Strict',
    ]);
  });

  it('set before the handler stay as they were', async () => {
    @UseGuards(Usher)
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService, @Res({ passthrough: true }) response: Cookies) {
        if (!futures.isReplay) {
          setCookie(response, 'seat', 'pass 1');
          setCookie(response, 'pass', '1');
        } else setCookie(response, 'last', 'yes');
        return { x: futures.resultOrSubmit('x', '', tasks.echo, 'x') };
      }
    }
    const app = await start(Desk);
    const { headers } = await app.get('/');
    expect(headers.getSetCookie()).toEqual([
      'seat=guard; Path=/; SameSite=Strict',
      'last=yes; Path=/; SameSite=Strict',
    ]);
  });
});

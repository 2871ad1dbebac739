import {
  Controller,
  Get,
  Inject,
  Injectable,
  Req,
  Scope,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { from, ignoreElements, concat, defer, type Observable } from 'rxjs';
import { rootModule, type AppFile } from '../app-file.js';
import { rawPool } from '../raw-pool.js';
import { widget } from '../../widget.js';

// The hand-written way: handlers that await piscina.run().
const pool = rawPool<unknown, unknown>('echo.worker');

function many(count: number, valueOf = (i: number): unknown => i): Promise<unknown[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => pool.run(valueOf(i))));
}

@Controller('raw')
class RawController {
  @Get('one')
  async one(): Promise<object> {
    return { values: [await pool.run(0)] };
  }

  @Get('ten')
  async ten(): Promise<object> {
    return { values: await many(10) };
  }

  @Get('objects')
  async objects(): Promise<object> {
    return { values: await many(10, widget) };
  }

  @Get('fifty')
  async fifty(): Promise<object> {
    return { values: await many(50) };
  }
}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedController {
  @Get('one')
  async one(): Promise<object> {
    return { values: [await pool.run(0)] };
  }
}

/** The counterpart of FuturesService: created for each request, and injected with it. */
@Injectable({ scope: Scope.REQUEST })
class EchoService {
  constructor(@Inject(REQUEST) readonly request: object) {}

  run(value: unknown): Promise<unknown> {
    return pool.run(value);
  }
}

@Controller('injected')
class InjectedController {
  constructor(private readonly echo: EchoService) {}

  @Get('one')
  async one(): Promise<object> {
    return { values: [await this.echo.run(0)] };
  }
}

interface TwiceRequest {
  value?: unknown;
}

/** For scale: the minimal replay by an interceptor, which replays every request. */
class TwiceInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.getArgByIndex<TwiceRequest>(0);
    const run = async () => {
      request.value = await pool.run(0);
    };
    return concat(
      next.handle().pipe(ignoreElements()),
      defer(() => from(run()).pipe(ignoreElements())),
      next.handle(),
    );
  }
}

@Controller('twice')
@UseInterceptors(TwiceInterceptor)
class TwiceController {
  @Get('one')
  one(@Req() request: TwiceRequest): object {
    return { values: [request.value ?? -1] };
  }
}

export const apps: AppFile['apps'] = {
  piscina: rootModule([RawController, ScopedController, InjectedController, TwiceController], {
    providers: [EchoService],
  }),
};

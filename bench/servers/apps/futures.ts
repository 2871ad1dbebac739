import { Controller, Get } from '@nestjs/common';
import { Future, Futures, FuturesService, taskFile, UseFutures } from 'nestjs-futures';
import { rootModule, type AppFile } from '../app-file.js';
import { futuresModule } from '../futures-module.js';
import { widget } from '../../widget.js';

const tasks = taskFile<typeof import('../../tasks/echo.tasks.js')>(
  new URL('../../tasks/echo.tasks.js', import.meta.url),
);

function declared(value: number) {
  return Future(`value ${value}`, { task: tasks.echo<number>, args: () => [value] });
}

@Controller('declared')
class DeclaredController {
  @Get('one')
  one(@Future('value', { task: tasks.echo<number>, args: () => [0] }) value: number): object {
    return { values: [value] };
  }

  @Get('ten')
  ten(
    @declared(0) a: number,
    @declared(1) b: number,
    @declared(2) c: number,
    @declared(3) d: number,
    @declared(4) e: number,
    @declared(5) f: number,
    @declared(6) g: number,
    @declared(7) h: number,
    @declared(8) i: number,
    @declared(9) j: number,
  ): object {
    return { values: [a, b, c, d, e, f, g, h, i, j] };
  }
}

/** The same as the hand-written handlers, with futures: two passes. */
function many(
  futures: FuturesService,
  count: number,
  valueOf = (i: number): unknown => i,
): unknown[] {
  return Array.from({ length: count }, (_, i) =>
    futures.resultOrSubmit(`value ${i}`, -1, tasks.echo<unknown>, valueOf(i)),
  );
}

@Controller('parameter')
class ParameterController {
  @Get('one')
  one(@Futures() futures: FuturesService): object {
    return { values: many(futures, 1) };
  }

  @Get('ten')
  ten(@Futures() futures: FuturesService): object {
    return { values: many(futures, 10) };
  }

  @Get('objects')
  objects(@Futures() futures: FuturesService): object {
    return { values: many(futures, 10, widget) };
  }

  @Get('fifty')
  fifty(@Futures() futures: FuturesService): object {
    return { values: many(futures, 50) };
  }
}

@Controller('request')
@UseFutures({ replay: 'request' })
class RequestReplayController {
  @Get('one')
  one(@Futures() futures: FuturesService): object {
    return { values: many(futures, 1) };
  }
}

/** Request-scoped or a singleton, like the module's service. */
@Controller('service')
class ServiceController {
  constructor(private readonly futures: FuturesService) {}

  @Get('one')
  one(): object {
    return { values: many(this.futures, 1) };
  }
}

export const apps: AppFile['apps'] = {
  parameters: rootModule([DeclaredController, ParameterController, RequestReplayController], {
    imports: [futuresModule()],
  }),
  request: rootModule([ServiceController], { imports: [futuresModule('request')] }),
  singleton: rootModule([ServiceController], { imports: [futuresModule('singleton')] }),
};

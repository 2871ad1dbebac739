import {
  Controller,
  Get,
  Param,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { map, mergeMap, throwError } from 'rxjs';
import { Future, Futures, FuturesService, UseFutures } from '../../src/index.js';
import { onEachAdapter, type TestApp, type TestResponse } from '../support/app.js';
import { REPLAY_MODES } from '../support/interceptor-places.js';
import { ODD_VALUES } from '../support/odd-values.js';

/** Makes the odd value that the path names. */
class OddValue implements PipeTransform {
  transform(index: string): unknown {
    return ODD_VALUES[Number(index)]?.[1];
  }
}
type Make = () => unknown;

function fail(make: Make): never {
  throw make();
}

class Refusing implements PipeTransform {
  transform(index: string): never {
    return fail(ODD_VALUES[Number(index)]?.[1] as Make);
  }
}

function interceptor(
  intercept: (make: Make, next: CallHandler) => ReturnType<NestInterceptor['intercept']>,
): NestInterceptor {
  return {
    intercept: (context: ExecutionContext, next) => {
      const { params } = context.switchToHttp().getRequest<{ params: { value: string } }>();
      return intercept(ODD_VALUES[Number(params.value)]?.[1] as Make, next);
    },
  };
}

const throwing = interceptor((make) => fail(make));
const rejecting = interceptor((make) => Promise.reject(make()));
const failing = interceptor((make, next) =>
  next.handle().pipe(mergeMap(() => throwError(() => make()))),
);
const replacing = interceptor((make, next) => next.handle().pipe(map(make)));
const noObservable = interceptor((make) => make() as never);

/** What user code does with the value, without futures. */
@Controller('plain')
class Plain {
  @Get('throws/:value')
  throws(@Param('value', OddValue) make: Make) {
    fail(make);
  }
  @Get('rejects/:value')
  async rejects(@Param('value', OddValue) make: Make) {
    fail(make);
  }
  @Get('returns/:value')
  returns(@Param('value', OddValue) make: Make) {
    return make();
  }
  @Get('resolves/:value')
  async resolves(@Param('value', OddValue) make: Make) {
    return make();
  }
  @Get('pipe/:value')
  pipe(@Param('value', Refusing) value: unknown) {
    return value;
  }
  @Get('throwing/:value')
  @UseInterceptors(throwing)
  throwing() {
    return 'value';
  }
  @Get('rejecting/:value')
  @UseInterceptors(rejecting)
  rejecting() {
    return 'value';
  }
  @Get('failing/:value')
  @UseInterceptors(failing)
  failing() {
    return 'value';
  }
  @Get('replacing/:value')
  @UseInterceptors(replacing)
  replacing() {
    return 'value';
  }
  @Get('noObservable/:value')
  @UseInterceptors(noObservable)
  noObservable() {
    return 'value';
  }
}

/** The same in each pass, with a future pending in the first. */
@Controller('replayed')
@UseFutures()
class Replayed {
  @Get('throws/:value')
  throws(@Param('value', OddValue) make: Make, @Futures() futures: FuturesService) {
    futures.resultOrSubmit('x', '', () => 'x');
    fail(make);
  }
  @Get('rejects/:value')
  async rejects(@Param('value', OddValue) make: Make, @Futures() futures: FuturesService) {
    futures.resultOrSubmit('x', '', () => 'x');
    fail(make);
  }
  @Get('returns/:value')
  returns(@Param('value', OddValue) make: Make, @Futures() futures: FuturesService) {
    futures.resultOrSubmit('x', '', () => 'x');
    return make();
  }
  @Get('resolves/:value')
  async resolves(@Param('value', OddValue) make: Make, @Futures() futures: FuturesService) {
    futures.resultOrSubmit('x', '', () => 'x');
    return make();
  }
  @Get('pipe/:value')
  pipe(@Futures() futures: FuturesService, @Param('value', Refusing) value: unknown) {
    futures.resultOrSubmit('x', '', () => 'x');
    return value;
  }
  @Get('throwing/:value')
  @UseInterceptors(throwing)
  throwing(@Futures() futures: FuturesService) {
    return futures.resultOrSubmit('x', '', () => 'value');
  }
  @Get('rejecting/:value')
  @UseInterceptors(rejecting)
  rejecting(@Futures() futures: FuturesService) {
    return futures.resultOrSubmit('x', '', () => 'value');
  }
  @Get('failing/:value')
  @UseInterceptors(failing)
  failing(@Futures() futures: FuturesService) {
    return futures.resultOrSubmit('x', '', () => 'value');
  }
  @Get('replacing/:value')
  @UseInterceptors(replacing)
  replacing(@Futures() futures: FuturesService) {
    return futures.resultOrSubmit('x', '', () => 'value');
  }
  @Get('noObservable/:value')
  @UseInterceptors(noObservable)
  noObservable(@Futures() futures: FuturesService) {
    return futures.resultOrSubmit('x', '', () => 'value');
  }
  @Get('task/:value')
  task(@Param('value', OddValue) make: Make, @Futures() futures: FuturesService) {
    return futures.resultOrSubmit('x', '', () => fail(make));
  }
  @Get('asyncTask/:value')
  asyncTask(@Param('value', OddValue) make: Make, @Futures() futures: FuturesService) {
    return futures.resultOrSubmit('x', '', async () => fail(make));
  }
  @Get('result/:value')
  result(@Param('value', OddValue) make: Make, @Futures() futures: FuturesService) {
    return futures.resultOrSubmit('x', '', make);
  }
  @Get('hook/:value')
  hook(@Param('value', OddValue) make: Make, @Futures() futures: FuturesService) {
    futures.onDiscard(() => fail(make));
    return futures.resultOrSubmit('x', '', () => 'value');
  }
  @Get('arguments/:value')
  arguments(
    @Future('x', {
      task: (value: string) => value,
      args: (context) => {
        const { params } = context.switchToHttp().getRequest<{ params: { value: string } }>();
        return fail(ODD_VALUES[Number(params.value)]?.[1] as Make);
      },
    })
    value: string,
  ) {
    return value;
  }
  @Get('key/:value')
  key(@Param('value', OddValue) make: Make, @Futures() futures: FuturesService) {
    return futures.resultOrSubmit(make() as string, '', () => 'value');
  }
}

const PLACES = ['throws', 'rejects', 'returns', 'resolves', 'pipe'];
const INTERCEPTED = ['throwing', 'rejecting', 'failing', 'replacing', 'noObservable'];
/** Those where what is thrown must be answered with 500. */
const THROWN = ['task', 'asyncTask', 'hook', 'arguments', 'key'];

async function ask(app: TestApp, path: string): Promise<TestResponse> {
  return app.get(path, { signal: AbortSignal.timeout(10_000) });
}

/** What each value is answered with. */
async function statuses(app: TestApp, path: string): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  for (const [i, [name]] of ODD_VALUES.entries()) {
    answers[name] = (await ask(app, `/${path}/${i}`)).status;
  }
  return answers;
}

const controllers: Type[] = [Plain, Replayed];

onEachAdapter('a value that throws when it is looked at', (start) => {
  describe.each(REPLAY_MODES)("replay: '%s'", (replay) => {
    it.each([...PLACES, ...INTERCEPTED])(
      'is answered as plain Nest answers it (%s)',
      async (place) => {
        const app = await start({ controllers, futures: { replay } });
        expect(await statuses(app, `replayed/${place}`)).toEqual(
          await statuses(app, `plain/${place}`),
        );
      },
    );

    it.each(THROWN)(
      'is answered with 500 where plain Nest has no equivalent (%s)',
      async (place) => {
        const app = await start({ controllers, futures: { replay } });
        const all = Object.fromEntries(ODD_VALUES.map(([name]) => [name, 500]));
        expect(await statuses(app, `replayed/${place}`)).toEqual(all);
      },
    );

    it('is a valid result if it can be awaited', async () => {
      const app = await start({ controllers, futures: { replay } });
      expect(await statuses(app, 'replayed/result')).toEqual(await statuses(app, 'plain/resolves'));
    });

    it('does not make strict change a response', async () => {
      const app = await start({ controllers, futures: { replay, strict: true } });
      for (const place of ['throws', 'returns', 'replacing']) {
        expect(await statuses(app, `replayed/${place}`)).toEqual(
          await statuses(app, `plain/${place}`),
        );
      }
    });
  });
});

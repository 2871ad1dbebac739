import {
  Body,
  Controller,
  Get,
  Injectable,
  Param,
  ParseIntPipe,
  Post,
  type ExecutionContext,
} from '@nestjs/common';
import {
  Future,
  Futures,
  FuturesService,
  FutureTimeoutError,
  UseFutures,
  taskFile,
} from 'nestjs-futures';
import { FOR_EVER, PLACEHOLDER, TOO_MANY } from './limits.js';

const FILE = new URL('./chaos.tasks.js', import.meta.url);

/** Calls that may run again when their worker is killed, and calls that may not. */
const safe = taskFile<typeof import('./chaos.tasks.js')>(FILE, { idempotent: true });
const once = taskFile<typeof import('./chaos.tasks.js')>(FILE, { name: 'once' });

const N = () => Param('n', ParseIntPipe);

interface NumberedRequest {
  readonly params: { readonly n?: string };
  readonly body?: { readonly n: number };
}

function numberOf(context: ExecutionContext): number {
  const { params, body } = context.getArgByIndex<NumberedRequest>(0);
  return Number(params.n ?? body?.n);
}

/** Each key is of one request only, so that the log tells whose errors it holds. */
function keyOf(name: string): (context: ExecutionContext) => string {
  return (context) => `${name} of ${numberOf(context)}`;
}

function values(
  futures: FuturesService,
  n: number,
  count: number,
  task: (n: number, i: number, ms: number) => string | Promise<string> = safe.compute,
): string[] {
  return Array.from({ length: count }, (_, i) =>
    futures.resultOrSubmit(`value ${i} of ${n}`, PLACEHOLDER, task, n, i, i % 4),
  );
}

/** Asks for values where the controller does not know of it. */
@Injectable()
export class Ledger {
  constructor(private readonly futures: FuturesService) {}

  entries(n: number): string[] {
    return values(this.futures, n, 2);
  }
}

@Controller()
export class DeskController {
  @Get('plain/:n')
  plain(@N() n: number) {
    return [`value ${n}.0`];
  }

  @Get('declared/:n')
  declared(
    @Future(keyOf('a'), { task: safe.compute, args: (ctx) => [numberOf(ctx), 0, 1] }) a: string,
    @Future(keyOf('b'), { task: safe.wait, args: (ctx) => [numberOf(ctx), 1, 5] }) b: string,
  ) {
    return [a, b];
  }

  @Post('post')
  post(
    @Body() { n }: { n: number },
    @Future(keyOf('a'), {
      task: safe.compute,
      args: (ctx) => [numberOf(ctx), 0, 2],
    })
    a: string,
  ) {
    return [a, `posted ${n}`];
  }

  @Get('one/:n')
  one(@N() n: number, @Futures() futures: FuturesService) {
    return values(futures, n, 1);
  }

  @Get('many/:n')
  many(@N() n: number, @Futures() futures: FuturesService) {
    return values(futures, n, 10);
  }

  @Get('waiting/:n')
  waiting(@N() n: number, @Futures() futures: FuturesService) {
    return values(futures, n, 3, safe.wait);
  }

  @Get('barrier/:n')
  barrier(@N() n: number, @Futures() futures: FuturesService) {
    const [value = ''] = values(futures, n, 1);
    futures.barrier();
    return [value, futures.resultOrSubmit(`more of ${n}`, PLACEHOLDER, safe.extend, value)];
  }

  @Get('page/:n')
  page(@N() n: number, @Futures() futures: FuturesService) {
    const print = (i: number) => `<p>${values(futures, n, i + 1)[i]}</p>`;
    return `<h1>${n}</h1>${print(0)}${print(1)}`;
  }

  @UseFutures({ replay: 'request' })
  @Get('cloned/:n')
  cloned(@N() n: number, @Futures() futures: FuturesService) {
    return values(futures, n, 2);
  }

  @Get('mixed/:n')
  mixed(@N() n: number, @Futures() futures: FuturesService) {
    const processes = futures.using({ executor: 'process' });
    return [
      futures.resultOrSubmit(`thread of ${n}`, PLACEHOLDER, safe.compute, n, 0, 2),
      processes.resultOrSubmit(`process of ${n}`, PLACEHOLDER, safe.compute, n, 1, 2),
      futures.resultOrSubmit(`inline of ${n}`, PLACEHOLDER, async () => `value ${n}.2`),
    ];
  }

  @Get('process/:n')
  process(@N() n: number, @Futures() futures: FuturesService) {
    return values(futures.using({ executor: 'process' }), n, 2);
  }

  @Get('once/:n')
  once(@N() n: number, @Futures() futures: FuturesService) {
    return values(futures, n, 3, once.runOnce);
  }

  @Get('process-once/:n')
  processOnce(@N() n: number, @Futures() futures: FuturesService) {
    return values(futures.using({ executor: 'process' }), n, 2, once.runOnce);
  }

  @Get('timeout/:n')
  timeout(@N() n: number, @Futures() futures: FuturesService) {
    const hasty = futures.using({ timeout: 30 });
    return [hasty.resultOrSubmit(`endless ${n}`, PLACEHOLDER, safe.wait, n, 0, FOR_EVER)];
  }

  @Get('fallback/:n')
  fallback(@N() n: number, @Futures() futures: FuturesService) {
    const hasty = futures.using({ timeout: 30 });
    try {
      return [hasty.resultOrSubmit(`endless ${n}`, PLACEHOLDER, safe.spin, FOR_EVER)];
    } catch (error) {
      if (error instanceof FutureTimeoutError) return [`fallback ${n}`];
      throw error;
    }
  }

  @Get('overflow/:n')
  overflow(@N() n: number, @Futures() futures: FuturesService) {
    return values(futures, n, TOO_MANY);
  }
}

/** Its futures come from a request-scoped provider, and make it request-scoped as well. */
@Controller()
export class ScopedController {
  constructor(private readonly ledger: Ledger) {}

  @Get('injected/:n')
  injected(@N() n: number) {
    return this.ledger.entries(n);
  }
}

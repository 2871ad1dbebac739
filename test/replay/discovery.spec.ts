import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Param,
  Req,
  UseGuards,
  UseInterceptors,
  UsePipes,
  forwardRef,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import { map } from 'rxjs';
import { FuturesService, UseFutures } from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { tasks } from '../support/tasks.js';

/** Asks for a value, as code anywhere in a dependency tree may. */
@Injectable()
class Portlet {
  constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}

  sum(): number {
    return this.futures.resultOrSubmit('sum', -1, tasks.add, 1, 2);
  }
}

onEachAdapter('a route is found to use futures', (start) => {
  it('through three levels of dependencies of its controller, even across modules', async () => {
    @Injectable()
    class Column {
      constructor(@Inject(Portlet) private readonly portlet: Portlet) {}
      sum() {
        return this.portlet.sum();
      }
    }
    @Module({ providers: [Column, Portlet], exports: [Column] })
    class ColumnModule {}
    @Injectable()
    class Layout {
      constructor(@Inject(Column) private readonly column: Column) {}
      sum() {
        return this.column.sum();
      }
    }
    @Controller()
    class Desk {
      constructor(@Inject(Layout) private readonly layout: Layout) {}
      @Get()
      page() {
        return { sum: this.layout.sum() };
      }
    }
    @Module({ imports: [ColumnModule], providers: [Layout], controllers: [Desk] })
    class PageModule {}
    const app = await start({ imports: [PageModule] });
    expect((await app.get('/')).body).toEqual({ sum: 3 });
  });

  it('through property injection', async () => {
    @Injectable()
    class Layout {
      @Inject(Portlet) readonly portlet!: Portlet;
    }
    @Controller()
    class Desk {
      @Inject(Layout) private readonly layout!: Layout;
      @Get()
      page() {
        return { sum: this.layout.portlet.sum() };
      }
    }
    const app = await start({ controllers: [Desk], providers: [Layout, Portlet] });
    expect((await app.get('/')).body).toEqual({ sum: 3 });
  });

  it('through factories, aliases and circular dependencies', async () => {
    @Injectable()
    class Chicken {
      constructor(
        @Inject(forwardRef(() => Egg)) readonly egg: object,
        @Inject('alias') readonly portlet: Portlet,
      ) {}
    }
    @Injectable()
    class Egg {
      constructor(@Inject(forwardRef(() => Chicken)) readonly chicken: object) {}
    }
    @Controller()
    class Desk {
      constructor(@Inject(Egg) private readonly egg: { chicken: Chicken }) {}
      @Get()
      page() {
        return { sum: this.egg.chicken.portlet.sum() };
      }
    }
    const app = await start({
      controllers: [Desk],
      providers: [
        Chicken,
        Egg,
        { provide: 'alias', useExisting: 'made' },
        {
          provide: 'made',
          useFactory: (futures: FuturesService) => new Portlet(futures),
          inject: [FuturesService],
        },
      ],
    });
    expect((await app.get('/')).body).toEqual({ sum: 3 });
  });

  it('through a guard that injects the service for the handler', async () => {
    @Injectable()
    class Lender implements CanActivate {
      constructor(@Inject(Portlet) private readonly portlet: Portlet) {}
      canActivate(context: ExecutionContext) {
        context.switchToHttp().getRequest<{ portlet: Portlet }>().portlet = this.portlet;
        return true;
      }
    }
    @Controller()
    class Desk {
      @UseGuards(Lender)
      @Get()
      page(@Req() { portlet }: { portlet: Portlet }) {
        return { sum: portlet.sum() };
      }
    }
    const app = await start({ controllers: [Desk], providers: [Portlet] });
    expect((await app.get('/')).body).toEqual({ sum: 3 });
  });

  it('through a pipe, on the route or on a parameter', async () => {
    @Injectable()
    class Adder implements PipeTransform {
      constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
      transform(value: string) {
        return this.futures.resultOrSubmit(`plus ${value}`, -1, tasks.add, Number(value), 2);
      }
    }
    @Controller()
    class Desk {
      @UsePipes(Adder)
      @Get('route/:n')
      route(@Param('n') n: number) {
        return { n };
      }
      @Get('parameter/:n')
      parameter(@Param('n', Adder) n: number) {
        return { n };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/route/1')).body).toEqual({ n: 3 });
    expect((await app.get('/parameter/2')).body).toEqual({ n: 4 });
  });

  it('through an interceptor, which may submit after the handler is done', async () => {
    @Injectable()
    class Footer implements NestInterceptor {
      constructor(@Inject(Portlet) private readonly portlet: Portlet) {}
      intercept(_context: ExecutionContext, next: CallHandler) {
        return next.handle().pipe(map((body: object) => ({ ...body, footer: this.portlet.sum() })));
      }
    }
    @UseInterceptors(Footer)
    @Controller()
    class Desk {
      @Get()
      page() {
        return { body: 1 };
      }
    }
    const app = await start({ controllers: [Desk], providers: [Portlet] });
    expect((await app.get('/')).body).toEqual({ body: 1, footer: 3 });
  });

  it('by @UseFutures() on the class or the method, which the error recommends if missing', async () => {
    abstract class Desk {
      @Inject(ModuleRef) private readonly moduleRef!: ModuleRef;
      sum() {
        return { sum: this.moduleRef.get(Portlet, { strict: false }).sum() };
      }
    }
    @UseFutures()
    @Controller('class')
    class OfClass extends Desk {
      @Get()
      page() {
        return this.sum();
      }
    }
    @Controller()
    class OfMethod extends Desk {
      @UseFutures()
      @Get('method')
      page() {
        return this.sum();
      }
      @Get('missing')
      missing() {
        return this.sum();
      }
    }
    const app = await start({
      controllers: [OfClass, OfMethod],
      providers: [Portlet],
      futures: { scope: 'singleton' },
    });
    expect((await app.get('/class')).body).toEqual({ sum: 3 });
    expect((await app.get('/method')).body).toEqual({ sum: 3 });
    expect((await app.get('/missing')).status).toBe(500);
    expect(app.log.errors.join()).toMatch(/ERR_FUTURES_CONTEXT/);
    expect(app.log.errors.join()).toMatch(/put @UseFutures\(\) on the route/);
  });

  it('with a service that ModuleRef resolves in the request scope', async () => {
    @Controller()
    class Desk {
      constructor(@Inject(ModuleRef) private readonly moduleRef: ModuleRef) {}
      @UseFutures()
      @Get()
      async page(@Req() request: object) {
        const id = ContextIdFactory.create();
        this.moduleRef.registerRequestByContextId(request, id);
        const portlet = await this.moduleRef.resolve(Portlet, id, { strict: false });
        return { sum: portlet.sum() };
      }
    }
    const app = await start({ controllers: [Desk], providers: [Portlet] });
    expect((await app.get('/')).body).toEqual({ sum: 3 });
  });
});

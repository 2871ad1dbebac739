import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createParamDecorator, UseInterceptors } from '@nestjs/common';
import { concat, defer, ignoreElements } from 'rxjs';
import { getPage, interceptorClass, pageController } from './support.mjs';

/** What runs again when an interceptor calls `next.handle()` a second time, in order. */
export async function callsOfTwoPasses() {
  const calls = [];
  const twice = {
    intercept(_context, next) {
      calls.push('outer');
      return concat(
        next.handle().pipe(ignoreElements()),
        defer(() => next.handle()),
      );
    },
  };
  const Parameter = createParamDecorator(() => calls.push('parameter'));
  const pipe = {
    transform(value) {
      calls.push('pipe');
      return value;
    },
  };
  class Desk {
    page() {
      calls.push('handler');
      return 'page';
    }
  }
  const inner = interceptorClass('inner', calls);
  pageController(Desk, [UseInterceptors(twice, inner)], Parameter(undefined, pipe));
  const guard = { canActivate: () => calls.push('guard') > 0 };
  await getPage({ controller: Desk, setup: (app) => app.useGlobalGuards(guard) });
  return calls;
}

/** Whether what runs inside `next.handle()` sees the store around that call, in each pass. */
export async function storesOfTwoPasses() {
  const storage = new AsyncLocalStorage();
  const seen = [];
  const note = (who) => seen.push(`${who} ${storage.getStore()}`);
  const twice = {
    intercept(_context, next) {
      const pass = (store) => storage.run(store, () => next.handle());
      return concat(
        pass('1').pipe(ignoreElements()),
        defer(() => pass('2')),
      );
    },
  };
  const inner = {
    intercept(_context, next) {
      note('inner');
      return next.handle();
    },
  };
  class Desk {
    async page() {
      note('handler');
      await sleep(1);
      note('later');
    }
  }
  pageController(
    Desk,
    [UseInterceptors(twice, inner)],
    createParamDecorator(() => note('parameter'))(),
  );
  await getPage({ controller: Desk });
  return seen;
}

/** Parameters whose factories return promises: what the handler gets, and that none waits for another. */
export async function promisedParameters() {
  const calls = [];
  const Slow = createParamDecorator(async (name) => {
    calls.push(`${name} starts`);
    await sleep(10);
    calls.push(`${name} ends`);
    return name.toUpperCase();
  });
  const Fails = createParamDecorator(async () => {
    throw Object.assign(new Error('parameter'), { expose: false, status: 418, statusCode: 418 });
  });
  class Desk {
    page(a, b) {
      return `${a} ${b}`;
    }
  }
  class Broken {
    page() {
      return 'not called';
    }
  }
  const { text } = await getPage({ controller: pageController(Desk, [], Slow('a'), Slow('b')) });
  const { status } = await getPage({ controller: pageController(Broken, [], Fails()) });
  return { text, calls, statusOfRejection: status };
}

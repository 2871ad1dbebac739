import { Inject, Injectable, Scope, UseGuards, UseInterceptors } from '@nestjs/common';
import { APP_INTERCEPTOR, ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { getPage, interceptorClass, pageController } from './support.mjs';

const INTERCEPTORS = '__interceptors__';

const handlerOf = (controller) =>
  Object.getOwnPropertyDescriptor(controller.prototype, 'page').value;

/** Where Nest's own decorators leave what we read and write. */
export function metadata() {
  const interceptor = interceptorClass('any', []);
  class Desk {
    page() {}
  }
  pageController(Desk, [UseInterceptors(interceptor)]);
  UseInterceptors(interceptor)(Desk);
  const isListed = (target) => Reflect.getMetadata(INTERCEPTORS, target)?.[0] === interceptor;
  return {
    interceptorsOfHandler: isListed(handlerOf(Desk)),
    interceptorsOfClass: isListed(Desk),
    pathOfHandler: Reflect.getMetadata('path', handlerOf(Desk)),
    pathOfClass: Reflect.getMetadata('path', Desk),
  };
}

/** The order of interceptors that a module's configure() has put into the metadata. */
export async function callsOfInstalled() {
  const calls = [];
  class Desk {
    page() {
      calls.push('handler');
    }
  }
  const own = interceptorClass('own', calls);
  const added = interceptorClass('added class', calls);
  const innermost = new (interceptorClass('added instance', calls))();
  const first = interceptorClass('first of class', calls);
  pageController(Desk, [UseInterceptors(own)]);
  UseInterceptors(interceptorClass('class', calls))(Desk);
  await getPage({
    controller: Desk,
    providers: [added, first],
    inject: [ModulesContainer],
    configure(modules) {
      const ofClass = Reflect.getMetadata(INTERCEPTORS, Desk);
      Reflect.defineMetadata(INTERCEPTORS, [own, added, innermost], handlerOf(Desk));
      Reflect.defineMetadata(INTERCEPTORS, [first, ...ofClass], Desk);
      const { injectables, providers } = hostOf(Desk, modules);
      for (const type of [added, first]) injectables.set(type, providers.get(type));
    },
  });
  return calls;
}

/** A class in the metadata resolves to the instance of the wrapper put under it. */
export async function isGivenInstanceUsed() {
  const used = [];
  class Shared {
    intercept(_context, next) {
      used.push(this);
      return next.handle();
    }
  }
  Injectable()(Shared);
  class Desk {
    page() {}
  }
  let instance;
  await getPage({
    controller: pageController(Desk),
    providers: [Shared],
    inject: [ModulesContainer],
    configure(modules) {
      const { injectables, providers } = hostOf(Desk, modules);
      injectables.set(Shared, providers.get(Shared));
      ({ instance } = providers.get(Shared));
      Reflect.defineMetadata(INTERCEPTORS, [Shared], handlerOf(Desk));
    },
  });
  return used.length === 1 && used[0] === instance;
}

/** What configure() finds, and when it runs. */
export async function startUp() {
  const order = [];
  const calls = [];
  class Adapter extends ExpressAdapter {
    get(...args) {
      order.push('route');
      return super.get(...args);
    }
  }
  const provided = interceptorClass('provided', calls);
  const scoped = interceptorClass('request-scoped', calls);
  class Desk {
    page() {
      calls.push('handler');
    }
  }
  let found;
  await getPage({
    adapter: new Adapter(),
    controller: pageController(Desk),
    providers: [
      { provide: APP_INTERCEPTOR, useClass: provided },
      { provide: APP_INTERCEPTOR, useClass: scoped, scope: Scope.REQUEST },
    ],
    inject: [ApplicationConfig],
    configure(config) {
      order.push('configure');
      const globals = config.getGlobalInterceptors();
      found = [globals.length, config.getGlobalRequestInterceptors().length];
      const [first] = globals;
      globals[0] = {
        intercept(context, next) {
          calls.push('replacement of the first');
          return first.intercept(context, next);
        },
      };
    },
    setup(app) {
      order.push('useGlobalInterceptors');
      app.useGlobalInterceptors(new (interceptorClass('used', calls))());
    },
  });
  return { order, found, calls };
}

/** The classes that a controller needs, as its wrapper in the container tells, depth first. */
export async function dependencies() {
  const Deep = define('Deep');
  const Middle = define('Middle', Deep);
  const OfProperty = define('OfProperty');
  const OfGuard = define('OfGuard');
  const Guard = define('Guard', OfGuard);
  Guard.prototype.canActivate = () => true;
  class Desk {
    page() {}
  }
  Reflect.defineMetadata('design:paramtypes', [Middle], Desk);
  Inject(OfProperty)(Desk.prototype, 'property');
  pageController(Desk, [UseGuards(Guard)]);
  const found = new Set();
  const visit = (wrapper) => {
    if (found.has(wrapper.name)) return;
    found.add(wrapper.name);
    const properties = (wrapper.getPropertiesMetadata() ?? []).map((each) => each.wrapper);
    const of = [wrapper.getCtorMetadata(), properties, wrapper.getEnhancersMetadata()];
    for (const each of of.flat()) if (each !== undefined) visit(each);
  };
  await getPage({
    controller: Desk,
    providers: [Deep, Middle, OfProperty, OfGuard],
    inject: [ModulesContainer],
    configure(modules) {
      visit(hostOf(Desk, modules).controllers.get(Desk));
    },
  });
  return [...found];
}

function hostOf(controller, modules) {
  return [...modules.values()].find(({ controllers }) => controllers.has(controller));
}

function define(name, ...needs) {
  const type = { [name]: class {} }[name];
  Injectable()(type);
  Reflect.defineMetadata('design:paramtypes', needs, type);
  return type;
}

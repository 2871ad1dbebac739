import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';

/** What a compiler does with decorators before a method, and those of its parameters. */
export function decorate(type, method, decorators, ...parameters) {
  const descriptor = Object.getOwnPropertyDescriptor(type.prototype, method);
  for (const decorator of decorators) decorator(type.prototype, method, descriptor);
  Object.defineProperty(type.prototype, method, descriptor);
  for (const [index, decorator] of parameters.entries()) decorator(type.prototype, method, index);
}

/** A controller whose method `page` answers `GET /`. */
export function pageController(type, decorators = [], ...parameters) {
  Controller()(type);
  decorate(type, 'page', [Get(), ...decorators], ...parameters);
  return type;
}

export function interceptorClass(name, calls) {
  return class Interceptor {
    intercept(_context, next) {
      calls.push(name);
      return next.handle();
    }
  };
}

/**
 * @param {object} options
 * @param {Function} options.controller
 * @param {Function[]} [options.providers]
 * @param {(host: object) => void} [options.configure] runs in the root module's configure()
 * @param {unknown[]} [options.inject] what configure() is called with
 * @param {ExpressAdapter} [options.adapter]
 * @param {(app: object) => void} [options.setup] runs before the app is initialised
 */
export async function start({ controller, providers = [], configure, inject = [], ...rest }) {
  const { adapter = new ExpressAdapter(), setup } = rest;
  class Root {
    constructor(...injected) {
      this.injected = injected;
    }
    configure() {
      configure?.(...this.injected);
    }
  }
  Module({ controllers: [controller], providers })(Root);
  Reflect.defineMetadata('design:paramtypes', inject, Root);
  const app = await NestFactory.create(Root, adapter, { logger: false });
  setup?.(app);
  await app.listen(0, '127.0.0.1');
  return { app, url: `http://127.0.0.1:${app.getHttpServer().address().port}/` };
}

/** Starts an app, gets its page, and closes it. */
export async function getPage(options) {
  const { app, url } = await start(options);
  try {
    const response = await fetch(url);
    const text = await response.text();
    return { status: response.status, text };
  } finally {
    await app.close();
  }
}

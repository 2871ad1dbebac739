import { UseInterceptors, type NestInterceptor, type Provider, type Type } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import type { AppOptions } from './app.js';

/** Where an interceptor may be bound. */
export const INTERCEPTOR_PLACES = [
  'APP_INTERCEPTOR',
  'useGlobalInterceptors',
  'the controller',
  'the method',
] as const;

export type InterceptorPlace = (typeof INTERCEPTOR_PLACES)[number];

export const REPLAY_MODES = ['handler', 'request'] as const;

/** Each place with each replay mode. */
export const PLACES_AND_MODES = INTERCEPTOR_PLACES.flatMap((place) =>
  REPLAY_MODES.map((replay) => [place, replay] as const),
);

/** What binds an interceptor at one of the places: decorators, and options of the app. */
export interface Binding {
  readonly onController: ClassDecorator;
  readonly onMethod: MethodDecorator;
  readonly providers: Provider[];
  readonly setup: NonNullable<AppOptions['setup']>;
}

/** @param interceptor is a provider of the app */
export function bindingAt(place: InterceptorPlace, interceptor: Type<NestInterceptor>): Binding {
  const use = UseInterceptors(interceptor);
  return {
    onController: (target) => (place === 'the controller' ? use(target) : undefined),
    onMethod: (...args) => (place === 'the method' ? use(...args) : undefined),
    providers:
      place === 'APP_INTERCEPTOR' ? [{ provide: APP_INTERCEPTOR, useExisting: interceptor }] : [],
    setup: (nest) => {
      if (place === 'useGlobalInterceptors') nest.useGlobalInterceptors(nest.get(interceptor));
    },
  };
}

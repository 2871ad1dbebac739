import { ParseIntPipe, type ExecutionContext, type PipeTransform } from '@nestjs/common';
import { Future, Futures, FuturesService, UseFutures, validated } from '../../src/index.js';
import { tasks } from './tasks.js';

declare const flag: boolean;
declare const pipe: PipeTransform<string, number>;
declare const names: readonly string[];
declare const user: User;
const param = (context: ExecutionContext) =>
  context.switchToHttp().getRequest<{ params: { id: string } }>().params.id;

class User {
  constructor(
    readonly name: string,
    private readonly age: number,
  ) {}

  get isOfAge() {
    return this.age >= 18;
  }
}

class Body {
  name!: string;
}

type Json = null | number | string | Json[] | { [name: string]: Json };

declare const render: (format: 'png' | 'svg', options: { dpi: 72 | 300 }[]) => string;
declare const sorted: (unsorted: string[]) => string[];
declare const greetUser: (user: User, born: Date, roles: Map<string, Set<number>>) => string;
declare const stringify: (json: Json) => string;
declare const later: <T>(value: T) => Promise<T>;
declare const either: () => string | number;
const each = (map: (n: number) => number) => [1].map(map);

@UseFutures()
export class Declared {
  // The decorated parameter takes what the task gives.
  value(
    @Future('k', { task: tasks.add, args: () => [1, 2] }) exact: number,
    @Future('k', { task: tasks.add, args: () => [1, 2] }) wider: number | string,
    @Future('k', { task: tasks.add, args: () => [1, 2] }) unknown: unknown,
    @Future('k', { task: tasks.greet, args: () => ['Ada'] }) awaited: string,
    @Future('k', { task: tasks.find, args: () => ['a'] }) found: { id: string } | undefined,
    @Future('k', { task: tasks.now }) date: Date,
    @Future('k', { task: tasks.now }) optional?: Date,
  ) {
    return [exact, wider, unknown, awaited, found, date, optional];
  }

  wrongValue(
    // @ts-expect-error the task gives a number
    @Future('k', { task: tasks.add, args: () => [1, 2] }) text: string,
    // @ts-expect-error the value is awaited
    @Future('k', { task: tasks.greet, args: () => ['Ada'] }) promise: Promise<string>,
    // @ts-expect-error the task may give undefined
    @Future('k', { task: tasks.find, args: () => ['a'] }) found: { id: string },
    // @ts-expect-error the task gives a Date
    @Future('k', { task: tasks.now }) time: number,
    // @ts-expect-error the task may give a number
    @Future('k', { task: either }) part: string,
    // @ts-expect-error the plain function gives a number
    @Future('k', { task: () => 5 }) plain: string,
  ) {
    return [text, promise, found, time, part, plain];
  }

  // Arguments are made of the request.
  args(
    @Future('k', {
      task: tasks.greet,
      args: (context) => [context.switchToHttp().getRequest().params.id],
    })
    untyped: string,
    @Future('k', { task: tasks.greet, args: (context) => [param(context)] }) typed: string,
    @Future('k', { task: tasks.wrap, args: () => ['a'] }) fewer: string[],
    @Future('k', { task: tasks.wrap, args: () => ['a', 40] }) all: string[],
    @Future('k', { task: tasks.wrap, args: () => (flag ? ['a'] : ['a', 40]) }) either: string[],
    @Future('k', { task: tasks.join, args: () => ['-', 1, 2, 3] }) rest: string,
    @Future('k', { task: tasks.add, args: () => [1, 2] as const }) readonly: number,
    @Future('k', { task: tasks.draw, args: () => [['a'], { limit: 1, unit: 'px' }] }) lit: string,
    @Future('k', { task: (a: number, b: string) => `${a}${b}`, args: () => [1, 'b'] }) own: string,
    @Future((context) => `user:${param(context)}`, { task: tasks.now }) keyOfRequest: Date,
    @Future('k', { task: tasks.now, executor: 'inline', timeout: 5, queueTimeout: 5 }) set: Date,
  ) {
    return [untyped, typed, fewer, all, either, rest, readonly, lit, own, keyOfRequest, set];
  }

  // They are checked as if they were passed to the task.
  literals(
    @Future('k', { task: render, args: () => ['png', [{ dpi: 72 }]] }) literal: string,
    @Future('k', { task: render, args: () => [flag ? 'png' : 'svg', []] }) chosen: string,
    @Future('k', { task: sorted, args: () => [['b', 'a']] }) array: string[],
    // It is cloned: that it is read-only does not matter.
    @Future('k', { task: sorted, args: () => [names] }) readonly: string[],
    @Future('k', { task: greetUser, args: () => [user, new Date(), new Map()] }) classes: string,
    @Future('k', { task: stringify, args: () => [{ a: [1, { b: [null] }] }] }) json: string,
    @Future('k', { task: each, args: () => [(n) => n + 1] }) closure: number[],
    // @ts-expect-error not one of the formats
    @Future('k', { task: render, args: () => ['pdf', []] }) format: string,
    // @ts-expect-error not one of the resolutions
    @Future('k', { task: render, args: () => ['png', [{ dpi: 96 }]] }) dpi: string,
    // @ts-expect-error not a User
    @Future('k', { task: greetUser, args: () => [{ name: 'x' }, new Date(), new Map()] })
    no: string,
  ) {
    return [literal, chosen, array, readonly, classes, json, closure, format, dpi, no];
  }

  // They may be left out where the task needs none, and only there.
  noArgs(
    @Future('k', { task: tasks.now }) none: Date,
    @Future('k', { task: tasks.now, args: () => [] }) empty: Date,
    @Future('k', { task: tasks.maybe }) optional: string | null,
    @Future('k', { task: (...numbers: number[]) => numbers }) rest: number[],
    // @ts-expect-error the task needs arguments
    @Future('k', { task: tasks.add }) missing: number,
    // @ts-expect-error the task needs its first argument
    @Future('k', { task: tasks.wrap }) first: string[],
  ) {
    return [none, empty, optional, rest, missing, first];
  }

  wrongArgs(
    // @ts-expect-error an argument is missing
    @Future('k', { task: tasks.add, args: () => [1] }) missing: number,
    // @ts-expect-error one argument too many
    @Future('k', { task: tasks.add, args: () => [1, 2, 3] }) tooMany: number,
    // @ts-expect-error an argument of the wrong type
    @Future('k', { task: tasks.add, args: () => [1, '2'] }) type: number,
    // @ts-expect-error an argument where there is none
    @Future('k', { task: tasks.now, args: () => [1] }) none: Date,
    // @ts-expect-error a property of the wrong type
    @Future('k', { task: tasks.draw, args: () => [[], { limit: 1, unit: 'cm' }] }) unit: string,
    // @ts-expect-error the arguments are not an array
    @Future('k', { task: tasks.greet, args: () => 'Ada' }) bare: string,
    // @ts-expect-error the arguments are not a function
    @Future('k', { task: tasks.greet, args: ['Ada'] }) array: string,
    // @ts-expect-error they are not awaited one by one
    @Future('k', { task: tasks.greet, args: () => [Promise.resolve('Ada')] }) promised: string,
  ) {
    return [missing, tooMany, type, none, unit, bare, array, promised];
  }

  // They may come later.
  lateArgs(
    @Future('k', { task: tasks.greet, args: async () => ['Ada'] }) late: string,
    @Future('k', { task: tasks.add, args: () => Promise.resolve([1, 2] as const) })
    readonly: number,
    @Future('k', { task: render, args: async () => ['png', [{ dpi: 72 }]] }) literal: string,
    @Future('k', { task: tasks.now, args: async () => [] }) empty: Date,
    @Future('k', {
      task: tasks.greet,
      args: async (context) => [(await validated(context, 'body', Body)).name],
    })
    validatedBody: string,
    // @ts-expect-error an argument of the wrong type
    @Future('k', { task: tasks.add, args: async () => [1, '2'] }) type: number,
    // @ts-expect-error an argument is missing
    @Future('k', { task: tasks.add, args: async () => [1] }) missing: number,
    // @ts-expect-error one argument too many
    @Future('k', { task: tasks.add, args: async () => [1, 2, 3] }) tooMany: number,
    // @ts-expect-error the task gives a number
    @Future('k', { task: tasks.add, args: async () => [1, 2] }) value: string,
    @Future('k', {
      task: tasks.greet,
      // @ts-expect-error no such part of a request
      args: async (context) => [(await validated(context, 'cookies', Body)).name],
    })
    part: string,
  ) {
    return [late, readonly, literal, empty, validatedBody, type, missing, tooMany, value, part];
  }

  // Pipes may make anything of the value.
  pipes(
    @Future('k', { task: tasks.greet, args: () => ['5'] }, ParseIntPipe) byClass: number,
    @Future('k', { task: tasks.greet, args: () => ['5'] }, pipe) byInstance: number,
    @Future('k', { task: tasks.greet, args: () => ['5'] }, ParseIntPipe, pipe) two: Date,
    // @ts-expect-error pipes do not relax the arguments
    @Future('k', { task: tasks.greet, args: () => [5] }, ParseIntPipe) args: number,
    // @ts-expect-error a function is no pipe
    @Future('k', { task: tasks.greet, args: () => ['5'] }, (text: string) => +text) none: number,
  ) {
    return [byClass, byInstance, two, args, none];
  }

  // A generic task gives what it is given; what that is, the parameter says.
  generic(
    @Future('k', { task: tasks.same, args: () => [5] }) value: unknown,
    @Future('k', { task: tasks.same<number>, args: () => [5] }) chosen: number,
    @Future('k', { task: tasks.same, args: () => ['Ada'] }) text: string,
    @Future('k', { task: tasks.same, args: async () => [{ id: 'a' }] }) object: { id: string },
    @Future('k', { task: tasks.same, args: (context) => [param(context)] }) ofRequest: string,
    @Future('k', { task: tasks.swap, args: () => [1, 'b'] }) swapped: [string, number],
    @Future('k', { task: later, args: () => ['Ada'] }) awaited: string,
    // @ts-expect-error it gives the number back
    @Future('k', { task: tasks.same, args: () => [5] }) wrong: string,
    // @ts-expect-error the other way round
    @Future('k', { task: tasks.swap, args: () => [1, 'b'] }) asGiven: [number, string],
  ) {
    return [value, chosen, text, object, ofRequest, swapped, awaited, wrong, asGiven];
  }

  // Any signature of an overloaded task may be meant.
  overloaded(
    @Future('k', { task: tasks.round, args: () => [1.5, 1] }) last: number,
    @Future('k', { task: tasks.round, args: () => ['1.5'] }) first: string,
    // @ts-expect-error the signature with text gives text
    @Future('k', { task: tasks.round, args: () => ['1.5'] }) value: number,
    // @ts-expect-error no signature takes a flag
    @Future('k', { task: tasks.round, args: () => [true] }) args: number,
  ) {
    return [last, first, value, args];
  }

  wrongUse(
    // @ts-expect-error a value is no task
    @Future('k', { task: 5 }) task: number,
    // @ts-expect-error no such option
    @Future('k', { task: tasks.now, timeOut: 5 }) option: Date,
    // @ts-expect-error ms, not text
    @Future('k', { task: tasks.now, timeout: '5s' }) timeout: Date,
    // @ts-expect-error a key is a string
    @Future(5, { task: tasks.now }) key: Date,
    // @ts-expect-error a key that is made of the request is a string
    @Future(() => 5, { task: tasks.now }) madeKey: Date,
    // @ts-expect-error there is no key
    @Future({ task: tasks.now }) noKey: Date,
    // @ts-expect-error the call is forgotten
    @Future call: Date,
  ) {
    return [task, option, timeout, key, madeKey, noKey, call];
  }
}

export class Read {
  read(
    @Future('k') value: string | undefined,
    @Future('k', { default: '' }) withDefault: string,
    @Future('k', { default: 0 }, ParseIntPipe) piped: number,
    @Future('k', {}, ParseIntPipe) pipedOnly: number,
    @Future((context) => param(context)) keyOfRequest: unknown,
    @Futures() futures: FuturesService,
    // @ts-expect-error no such option
    @Future('k', { fallback: '' }) fallback: string,
    // @ts-expect-error arguments of no task
    @Future('k', { args: () => [1] }) args: number,
    // @ts-expect-error limits of no task
    @Future('k', { timeout: 5 }) timeout: number,
  ) {
    return [value, withDefault, piped, pipedOnly, keyOfRequest, futures, fallback, args, timeout];
  }
}

/** Methods of any kind may be decorated, and nothing else. */
export class Methods {
  // @ts-expect-error a constructor is no handler
  constructor(@Future('k', { task: tasks.now }) readonly date: Date) {}

  // @ts-expect-error a property is no parameter
  @Future('k', { task: tasks.now }) property?: Date;

  static ofClass(@Future('k', { task: tasks.now }) date: Date) {
    return date;
  }

  async later(@Future('k', { task: tasks.now }) date: Date): Promise<Date> {
    return date;
  }

  generic<T extends Date>(@Future('k', { task: tasks.now }) date: T | Date): T | Date {
    return date;
  }

  [Symbol.toPrimitive](@Future('k', { task: tasks.now }) date: Date) {
    return date;
  }

  protected ofFamily(@Future('k', { task: tasks.now }) date: Date) {
    return date;
  }

  private hidden(@Future('k', { task: tasks.now }) date: Date) {
    return date;
  }

  use() {
    return this.hidden(new Date());
  }
}

import { findUncloneable } from '../../src/wire/uncloneable.js';

class Account {
  owner = 'Ada';
  close = () => {};
}

function save(): void {}

describe('findUncloneable', () => {
  it.each([
    ['a primitive', 1],
    ['nothing', undefined],
    ['nested data', { a: [new Map([['k', new Set([new Date(0)])]])] }],
    [
      'an instance whose methods are its class’s',
      new (class Row {
        id = 1;
        save() {}
      })(),
    ],
    ['an error', new Error('x', { cause: new Error('y') })],
  ])('finds nothing in %s', (_name, value) => {
    expect(findUncloneable(value, 'args')).toBeUndefined();
  });

  const circular: Record<string, unknown> = { a: 1 };
  circular['self'] = circular;
  circular['later'] = { save };

  const unreadable = {
    get total() {
      throw new Error('no total');
    },
  };
  const bare = Object.assign(Object.create(null) as object, { f: () => {} });

  it.each<[path: string, description: string, value: unknown]>([
    ['args', 'the function save', save],
    ['args', 'a function', () => {}],
    ['args', 'a symbol', Symbol('s')],
    ['args', 'an instance of Promise', Promise.resolve()],
    ['args', 'an instance of WeakMap', new WeakMap()],
    ['args[1]', 'a symbol', [1, Symbol('s')]],
    ['args.user.save', 'the function save', { id: 1, user: { save } }],
    ['args["on-click"]', 'the function on-click', { 'on-click': () => {} }],
    ['args["0"]', 'the function 0', { 0: () => {} }],
    ['args.größe', 'a symbol', { größe: Symbol('s') }],
    ['args.get("ada").close', 'the function close', new Map([['ada', new Account()]])],
    ['args.get(7)', 'a symbol', new Map([[7, Symbol('s')]])],
    ['args.get(…)', 'a symbol', new Map([[{}, Symbol('s')]])],
    ['args.keys()[…]', 'a symbol', new Map([[Symbol('s'), 1]])],
    ['args.values()[…].x', 'a symbol', new Set([{ x: Symbol('s') }])],
    ['args.later.save', 'the function save', circular],
    ['args.total', 'a getter that throws', unreadable],
    ['args.bare.f', 'the function f', { bare }],
  ])('finds %s, %s', (path, description, value) => {
    expect(findUncloneable(value, 'args')).toEqual({ path, description });
  });
});

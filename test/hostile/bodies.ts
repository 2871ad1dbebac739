const nested = (depth: number, open: string, close: string) =>
  `${open.repeat(depth)}1${close.repeat(depth)}`;

const DEPTHS = [100, 1_000, 3_000, 3_800, 5_000, 10_000];

/** JSON that a client may send, by name. */
export const bodies: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    DEPTHS.flatMap((depth) => [
      [`arrays nested ${depth} deep`, nested(depth, '[', ']')],
      [`objects nested ${depth} deep`, nested(depth, '{"a":', '}')],
      [`arrays and objects nested ${depth} deep`, nested(depth, '[{"a":', '}]')],
    ]),
  ),
  'ten branches nested 1000 deep': `[${new Array(10).fill(nested(1_000, '[', ']')).join()}]`,
  'an object of 5,000 keys': JSON.stringify(
    Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`key${i}`, i])),
  ),
  'an array of 40,000 zeros': JSON.stringify(new Array(40_000).fill(0)),
  'a text of 90 kB': JSON.stringify('x'.repeat(90_000)),
  'lone surrogates': '"\\ud800 \\udc00"',
  'a key "__proto__"': '{"__proto__": {"polluted": true}}',
  'a key "constructor"': '{"constructor": {"prototype": {"polluted": true}}}',
  'keys that mean something to JavaScript': '{"then": 1, "toJSON": 2, "length": -1, "cause": {}}',
  'numbers past the end of the range': '[1e999, -1e999, 1e-999, -0, 9007199254740993]',
  'the same key twice': '{"a": 1, "a": [2]}',
};

/* What handlers of the property test ask for; the same functions answer them plainly. */

/**
 * @param {unknown} a
 * @param {unknown} b
 */
export function add(a, b) {
  return size(a) + size(b);
}

/**
 * @param {unknown} a
 * @param {unknown} b
 */
export function list(a, b) {
  return [a, b];
}

/**
 * @param {unknown} a
 * @param {unknown} b
 */
export function join(a, b) {
  return `${JSON.stringify(a)}${JSON.stringify(b)}`.slice(0, 40);
}

/**
 * @param {unknown} a
 * @param {unknown} b
 */
export function failIfOdd(a, b) {
  const sum = size(a) + size(b);
  if (sum % 2 === 1) throw new RangeError(`${sum} is odd`);
  return sum;
}

/** @param {unknown} value */
function size(value) {
  if (typeof value === 'number') return value % 100;
  return typeof value === 'string' || Array.isArray(value) ? value.length : 0;
}

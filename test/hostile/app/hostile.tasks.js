import { build } from './values.js';
import { measure } from './measure.js';

/** @param {string} name */
export function give(name) {
  return build(name);
}

/** @param {string} name */
export async function giveLater(name) {
  await new Promise(setImmediate);
  return build(name);
}

/** @param {string} name */
export function raise(name) {
  throw build(name);
}

/** @param {string} name */
export async function raiseLater(name) {
  await new Promise(setImmediate);
  throw build(name);
}

/** What arrived, as text; the value itself need not find its way back. @param {unknown} value */
export function take(value) {
  return measure(value);
}

/** @param {unknown} value */
export async function takeLater(value) {
  await new Promise(setImmediate);
  return measure(value);
}

/** @param {unknown} value */
export function echo(value) {
  return value;
}

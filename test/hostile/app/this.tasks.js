// oxlint-disable oxc/no-this-in-exported-function -- the tests check what `this` is
/** @this {unknown} */
export function typeOfThis() {
  return typeof this;
}

/** @this {unknown} */
export async function typeOfThisLater() {
  return typeof this;
}

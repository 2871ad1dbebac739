// oxlint-disable oxc/no-this-in-exported-function -- tests look at what it is
/** @this {unknown} */
export function typeOfThis() {
  return typeof this;
}

/** @this {unknown} */
export async function typeOfThisLater() {
  return typeof this;
}

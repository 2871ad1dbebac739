/** The shortest task there is: what is measured with it is the way there and back. */
export function echo<Value>(value: Value): Value {
  return value;
}

/** What {@link pack} may do. */
export interface PackOptions {
  /** The most bytes that the value may have. */
  readonly maxBytes: number;
  /** The longest JSON, in characters; 0: none. */
  readonly maxJson: number;
  /** Whether both sides share memory: parts are then posted along, and large ones moved. */
  readonly canShare: boolean;
  /** What is moved instead of copied. */
  readonly transferList?: readonly unknown[] | undefined;
}

/** The value has more bytes than may be sent. */
export class TooLarge extends Error {
  constructor(
    readonly size: number,
    readonly limit: number,
  ) {
    super(`${size} bytes, of which ${limit} are allowed`);
  }

  /** Asked of whatever a getter of a value throws, a revoked proxy included. */
  static is(value: unknown): value is TooLarge {
    try {
      return value instanceof TooLarge;
    } catch {
      return false;
    }
  }

  /** @throws TooLarge */
  static check(size: number, limit: number): void {
    if (size > limit) throw new TooLarge(size, limit);
  }
}

/** Size from which binary data is copied to memory of its own, which is then moved, in bytes. */
export const LARGE = 64 * 1024;

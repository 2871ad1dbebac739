import { textMetrics } from 'vega';

declare module 'vega' {
  // Exported, but missing from the types.
  export const textMetrics: { width: (item: { fontSize?: number }, text: unknown) => number };
}

/** Mean width of a character in a proportional font, as a fraction of the font size. */
const MEAN_WIDTH = 0.62;

/**
 * Without a canvas, Vega takes every character to be nearly as wide as a capital M: axes would
 * stand far away from their labels, and legends would be cut off.
 */
export function estimateTextWidth(): void {
  textMetrics.width = ({ fontSize = 11 }, text) => {
    const isText = typeof text === 'string' || typeof text === 'number';
    return isText ? MEAN_WIDTH * fontSize * String(text).length : 0;
  };
}

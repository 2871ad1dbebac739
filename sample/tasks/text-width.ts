import { textMetrics } from 'vega';

declare module 'vega' {
  // Exported, but missing from the types.
  export const textMetrics: { width: (item: { fontSize?: number }, text: unknown) => number };
}

/** Mean width of a character of a proportional font, in heights of the font. */
const MEAN_WIDTH = 0.62;

/**
 * Without a canvas Vega takes every character for as wide as a capital M, nearly: axes would stand
 * far off their labels, and legends be cut.
 */
export function estimateTextWidth(): void {
  textMetrics.width = ({ fontSize = 11 }, text) => {
    const isText = typeof text === 'string' || typeof text === 'number';
    return isText ? MEAN_WIDTH * fontSize * String(text).length : 0;
  };
}

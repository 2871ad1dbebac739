import type { Config } from 'vega-lite';

/** One look for all charts: text and lines use the text colour around the chart. */
export const chartTheme: Config = {
  // The page labels the whole figure; labels on thousands of marks would only get in the way.
  aria: false,
  background: 'transparent',
  padding: 2,
  font: 'inherit',
  axis: {
    labelColor: 'currentColor',
    titleColor: 'currentColor',
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    titleOpacity: 0.7,
    labelOpacity: 0.85,
    domainColor: 'currentColor',
    domainOpacity: 0.35,
    tickColor: 'currentColor',
    tickOpacity: 0.35,
    tickSize: 4,
    gridColor: 'currentColor',
    gridOpacity: 0.12,
  },
  legend: {
    labelColor: 'currentColor',
    titleColor: 'currentColor',
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    symbolStrokeWidth: 0,
  },
  header: {
    labelColor: 'currentColor',
    titleColor: 'currentColor',
    labelFontSize: 11,
    labelFontWeight: 'bold',
    labelPadding: 4,
  },
  text: { color: 'currentColor', fontSize: 11 },
  view: { stroke: null },
  range: {
    // Custom properties from the page's style sheet, which sets them for light and dark.
    category: Array.from({ length: 6 }, (_, step) => `var(--c${step + 1})`),
  },
};

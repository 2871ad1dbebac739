import type { Config } from 'vega-lite';

/** One look for all charts: the text and the lines take the colour of the text around the chart. */
export const chartTheme: Config = {
  // The page gives the figure a label; labels on each of thousands of marks would only be in the way.
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
    // Custom properties of the page's style sheet, which has them for light and for dark.
    category: Array.from({ length: 6 }, (_, step) => `var(--c${step + 1})`),
  },
};

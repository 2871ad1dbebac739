import { taskFile } from 'nestjs-futures';

// Types only: the event loop loads none of these files, nor Vega, Shiki, D3 and DuckDB behind them.
export const charts = taskFile<typeof import('./charts.tasks.js')>(
  new URL('./charts.tasks.js', import.meta.url),
);
export const countries = taskFile<typeof import('./countries.tasks.js')>(
  new URL('./countries.tasks.js', import.meta.url),
);
export const feed = taskFile<typeof import('./feed.tasks.js')>(
  new URL('./feed.tasks.js', import.meta.url),
);
export const flights = taskFile<typeof import('./flights.tasks.js')>(
  new URL('./flights.tasks.js', import.meta.url),
);
export const flightsReport = taskFile<typeof import('./flights-report.tasks.js')>(
  new URL('./flights-report.tasks.js', import.meta.url),
);
export const quakes = taskFile<typeof import('./quakes.tasks.js')>(
  new URL('./quakes.tasks.js', import.meta.url),
);
export const report = taskFile<typeof import('./report.tasks.js')>(
  new URL('./report.tasks.js', import.meta.url),
);

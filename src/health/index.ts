export { FuturesHealthIndicator } from './futures-health.indicator.js';
export type { ReadinessOptions } from './futures-health.indicator.js';

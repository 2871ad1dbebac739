export { FuturesPrometheusModule } from './futures-prometheus.module.js';
export type { FuturesPrometheusOptions } from './futures-prometheus.module.js';

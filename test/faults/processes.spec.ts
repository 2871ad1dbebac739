import { describeFaults } from './describe-faults.js';

// A process has the heap of its parent, for which workerpool looks here.
process.execArgv.push('--max-old-space-size=48');

describeFaults('process');

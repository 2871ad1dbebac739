// Preloaded into a child process: its wall clock is off by so many ms, as after a step between its
// start and its parent's.
const step = Number(process.env.HOSTILE_CLOCK_STEP);
const { now } = Date;
Date.now = () => now() + step;
Object.defineProperty(performance, 'timeOrigin', { value: performance.timeOrigin + step });

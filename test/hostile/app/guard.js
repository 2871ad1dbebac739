/*
 * A worker that forges a process id must find no app that signals it, but if it does, a test must not
 * end the machine's other processes: the app under test can neither signal a group nor process 1.
 */
const kill = process.kill.bind(process);
process.kill = (pid, signal) => {
  if (!(pid > 1)) throw new Error(`The app under test was about to signal the process ${pid}.`);
  return kill(pid, signal);
};

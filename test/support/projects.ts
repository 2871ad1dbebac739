/*
 * Tests that build and install projects of their own take minutes. All of them run where
 * TEST_PROJECTS is 1, as in CI; elsewhere the others are skipped, and say so.
 */
const areAllTried = process.env['TEST_PROJECTS'] === '1';

/** Suites and tests that run only where all projects are tried. */
export const inProjects = {
  describe: areAllTried ? describe : describe.skip,
  it: areAllTried ? it : it.skip,
};

/** The cases of a suite: all, or only those that stand for the others. */
export function tried<Case>(cases: readonly Case[], isTypical: (each: Case) => boolean): Case[] {
  if (areAllTried) return [...cases];
  const typical = cases.filter(isTypical);
  process.stderr.write(
    `\nSKIPPED: ${cases.length - typical.length} of ${cases.length} cases, which take minutes (TEST_PROJECTS=1 runs them)\n`,
  );
  return typical;
}

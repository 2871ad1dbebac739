import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { problemsOf, withDate } from '../../scripts/release.mjs';
import { ROOT } from '../support/project.js';

const CHANGELOG = `# Changelog

## 0.3.0 (unreleased)

### Fixes

## 0.2.0 (unreleased)

### Fixes

- A fix.

## 0.1.0 (2026-01-31)

- The first version.
`;

const READY = {
  version: '0.2.0',
  current: '0.1.0',
  branch: 'main',
  changes: '',
  tags: ['v0.1.0'],
  changelog: CHANGELOG,
};

describe('npm run release', () => {
  it('accepts a version with notes on a clean main', () => {
    expect(problemsOf(READY)).toEqual([]);
  });

  it.each([
    ['text that is no version', { version: 'next' }, '"next" is not a version'],
    ['a version with a leading zero', { version: '0.02.0' }, '"0.02.0" is not a version'],
    ['a branch', { branch: 'fix' }, '"fix" is checked out'],
    ['a commit without a branch', { branch: '' }, 'no branch is checked out'],
    ['a changed file', { changes: ' M README.md' }, 'not committed. Commit or stash them:\n M RE'],
    ['a tag that exists', { tags: ['v0.2.0'] }, 'The tag v0.2.0 exists already'],
    ['a lower version', { current: '0.10.0' }, '0.2.0 is lower than 0.10.0'],
    ['a version that is not noted', { version: '0.4.0' }, '"## 0.4.0 (unreleased)"'],
    ['a version with headings only', { version: '0.3.0' }, '"## 0.3.0 (unreleased)"'],
    ['a version that has its date', { version: '0.1.0', tags: [] }, '"## 0.1.0 (unreleased)"'],
  ])('refuses %s', (_, change, problem) => {
    expect(problemsOf({ ...READY, ...change })).toEqual([expect.stringContaining(problem)]);
  });

  it('reports all problems together', () => {
    expect(problemsOf({ ...READY, branch: 'fix', tags: ['v0.2.0'] })).toHaveLength(2);
  });

  it.each([
    ['1.0.0-beta.1', '1.0.0', true],
    ['1.0.0', '1.0.0-beta.1', false],
    ['1.0.0-beta.2', '1.0.0-beta.10', true],
    ['1.0.0-beta.1', '1.0.0-beta.1', false],
    ['1.0.0', '1.0.0', false],
    ['2.0.0', '10.0.0', true],
    ['1.1.0', '1.0.9', false],
  ])('compares %s with %s', (version, current, isLower) => {
    const problems = problemsOf({ ...READY, version, current }).join('\n');
    expect(problems.includes('is lower than')).toBe(isLower);
  });

  it('dates the section of the version, and changes nothing else', () => {
    const dated = withDate(CHANGELOG, '0.2.0', '2026-02-28');
    expect(dated).toContain('\n## 0.2.0 (2026-02-28)\n');
    expect(dated.replace('2026-02-28', 'unreleased')).toBe(CHANGELOG);
  });

  it('understands the format of CHANGELOG.md', async () => {
    const changelog = await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8');
    const headings = changelog.split('\n').filter((line) => line.startsWith('## '));
    for (const heading of headings) {
      expect(heading).toMatch(/^## \d+\.\d+\.\d+\S* \((unreleased|\d{4}-\d\d-\d\d)\)$/);
    }
    expect(headings).not.toEqual([]);
  });
});

// Makes a release: runs checks and tests, sets the version, commits and tags. It pushes and
// publishes nothing, but prints the commands that do. Usage: npm run release -- VERSION [--dry-run]
import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE = 'Usage: npm run release -- VERSION [--dry-run], where VERSION is such as 0.2.0';
const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9a-z]+(?:\.[0-9a-z]+)*))?$/;
const CHANGED = ['CHANGELOG.md', 'package.json', 'package-lock.json'];

// Not when a test imports this file.
if (import.meta.url === pathToFileURL(realpathSync(process.argv[1] ?? '.')).href) {
  try {
    main();
  } catch (error) {
    // A failed command has already printed the reason.
    const isOfCommand = error.status !== undefined;
    const hint = 'Run "git status" to see what was written so far.';
    console.error(isOfCommand ? `\nStopped: ${error.message}\n${hint}` : error.message);
    process.exitCode = 1;
  }
}

function main() {
  const { version, isDryRun } = readArguments();
  const changelog = readFileSync('CHANGELOG.md', 'utf8');
  const problems = problemsOf({
    version,
    current: JSON.parse(readFileSync('package.json', 'utf8')).version,
    branch: read('git', 'branch', '--show-current'),
    changes: read('git', 'status', '--porcelain'),
    tags: read('git', 'tag', '--list').split('\n'),
    changelog,
  });
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) {
    process.exitCode = 1;
    if (!isDryRun) return;
    console.error('\nThe release would stop here. Without these problems it would go on:');
  }

  const today = new Date().toISOString().slice(0, 10);
  for (const step of stepsOf(version, changelog, today)) {
    console.log(isDryRun ? `Would run: ${step.text}` : `\n> ${step.text}`);
    if (!isDryRun) step.run();
  }
  console.log(
    `${isDryRun ? 'Nothing was changed. A release is then published by' : `\nReleased ${version} here. To publish it:`}
  git push origin main v${version}
  npm publish${version.includes('-') ? ' --tag next' : ''}`,
  );
}

function readArguments() {
  let parsed;
  try {
    parsed = parseArgs({ allowPositionals: true, options: { 'dry-run': { type: 'boolean' } } });
  } catch (error) {
    throw new Error(`${error.message}\n${USAGE}`, { cause: error });
  }
  const { positionals, values } = parsed;
  if (positionals.length !== 1) throw new Error(USAGE);
  return { version: positionals[0].replace(/^v/, ''), isDryRun: values['dry-run'] === true };
}

/**
 * The reasons why a release can't be made; empty if it can.
 *
 * @param {object} state
 * @param {string} state.version the version to be released
 * @param {string} state.current the version in package.json
 * @param {string} state.branch empty if no branch is checked out
 * @param {string} state.changes what `git status --porcelain` prints
 * @param {readonly string[]} state.tags
 * @param {string} state.changelog
 * @returns {string[]}
 */
export function problemsOf({ version, current, branch, changes, tags, changelog }) {
  const problems = [];
  if (!VERSION.test(version)) {
    problems.push(`"${version}" is not a version such as 0.2.0 or 1.0.0-beta.1.`);
  } else {
    if (isLower(version, current)) {
      problems.push(`The version ${version} is lower than ${current}, which package.json has.`);
    }
    if (tags.includes(`v${version}`)) {
      problems.push(`The tag v${version} exists already. Choose a higher version.`);
    }
    if (unreleasedNotes(changelog, version) === '') {
      problems.push(
        `CHANGELOG.md needs a section "${unreleasedHeading(version)}" that says what changes for users.`,
      );
    }
  }
  if (branch !== 'main') {
    problems.push(
      `Releases are made on the branch main, but ${branch === '' ? 'no branch' : `"${branch}"`} is checked out. Run "git switch main".`,
    );
  }
  if (changes !== '') {
    problems.push(`There are changes that are not committed. Commit or stash them:\n${changes}`);
  }
  return problems;
}

/**
 * Returns the CHANGELOG with the release date in place of "unreleased".
 *
 * @param {string} changelog
 * @param {string} version
 * @param {string} date such as 2026-01-31
 * @returns {string}
 */
export function withDate(changelog, version, date) {
  return changelog
    .split('\n')
    .map((line) => (line === unreleasedHeading(version) ? `## ${version} (${date})` : line))
    .join('\n');
}

/** The CHANGELOG's section on an unreleased version; empty if there is none. */
function unreleasedNotes(changelog, version) {
  const lines = changelog.split('\n');
  const start = lines.indexOf(unreleasedHeading(version));
  if (start < 0) return '';
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.startsWith('## '));
  const notes = end < 0 ? rest : rest.slice(0, end);
  return notes
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .trim();
}

function unreleasedHeading(version) {
  return `## ${version} (unreleased)`;
}

/** Whether `version` comes before `other` in semantic versioning. */
function isLower(version, other) {
  const [, ...a] = VERSION.exec(version) ?? [];
  const [, ...b] = VERSION.exec(other) ?? [];
  const index = [0, 1, 2].find((part) => a[part] !== b[part]);
  if (index !== undefined) return Number(a[index]) < Number(b[index]);
  const [before, after] = [a[3], b[3]];
  // A pre-release comes before its release.
  if (before === undefined || after === undefined) return before !== after && after === undefined;
  return before.localeCompare(after, 'en', { numeric: true }) < 0;
}

function stepsOf(version, changelog, date) {
  const tag = `v${version}`;
  return [
    command('node', 'scripts/clean.mjs', 'build', 'dist'),
    // Also builds, lints and checks types. A test that would be skipped here fails instead.
    command('env', 'REQUIRE_SERVICES=1', 'npm', 'test'),
    command('npm', 'run', 'check:package'),
    {
      text: `write "## ${version} (${date})" into CHANGELOG.md`,
      run: () => writeFileSync('CHANGELOG.md', withDate(changelog, version, date)),
    },
    command('npm', 'version', version, '--no-git-tag-version', '--allow-same-version'),
    command('git', 'commit', '--message', `Version ${version}`, '--', ...CHANGED),
    command('git', 'tag', '--annotate', tag, '--message', tag),
  ];
}

function command(program, ...args) {
  return {
    text: [program, ...args].map((part) => (part.includes(' ') ? `"${part}"` : part)).join(' '),
    run: () => execFileSync(program, args, { stdio: 'inherit' }),
  };
}

function read(program, ...args) {
  return execFileSync(program, args, { encoding: 'utf8' }).trimEnd();
}

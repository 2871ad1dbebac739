// Lists the ratios of a run that are worse than those of an earlier run by more than their noise,
// and fails if there are any. Usage: npm run bench:compare -- old.json new.json
import { changes, type Change } from './report/regressions.js';
import { readReport } from './report/report.js';

const [before, after] = process.argv.slice(2);
if (before === undefined || after === undefined) {
  console.error('npm run bench:compare -- old.json new.json');
  process.exitCode = 2;
} else {
  const found = changes(readReport(before), readReport(after));
  print('Worse', 'worse');
  print('Better', 'better');
  const same = found.filter(({ verdict }) => verdict === 'same').length;
  console.log(`${same} of ${found.length} ratios differ by no more than their noise.`);
  if (found.some(({ verdict }) => verdict === 'worse')) process.exitCode = 1;

  function print(title: string, wanted: Change['verdict']): void {
    for (const { name, before, after, noise } of found.filter((each) => each.verdict === wanted)) {
      console.log(
        `${title}: ${name}: ${before.toFixed(3)} → ${after.toFixed(3)} (noise ±${noise.toFixed(3)})`,
      );
    }
  }
}

import { writeFileSync } from 'node:fs';
import { BENCHMARKS } from './benchmarks/index.js';
import { stopLoading } from './load/load.js';
import { thisMachine } from './report/machine.js';
import { createReport, runSection, type Section } from './report/report.js';
import { machineLines, table } from './report/table.js';
import { measureWork } from './work-amount.js';
import { readCommandLine, USAGE, type CommandLine } from './settings.js';

async function main({ settings, benchmarks, json }: CommandLine): Promise<void> {
  measureWork();
  console.log(machineLines(thisMachine()));
  console.log(`${settings.rounds} rounds of ${settings.seconds} s, 64 connections unless told\n`);
  const sections: Section[] = [];
  for (const benchmark of benchmarks) {
    try {
      const section = await runSection(benchmark, settings);
      console.log(`${table(section)}\n`);
      sections.push(section);
    } catch (error) {
      // The results of the other benchmarks are kept.
      console.error(`${benchmark.name} failed: ${String(error)}\n`);
      process.exitCode = 1;
    }
  }
  if (json !== undefined) {
    writeFileSync(json, `${JSON.stringify(createReport(settings, sections), null, 1)}\n`);
  }
}

function readArguments(): CommandLine | undefined {
  try {
    return readCommandLine(process.argv.slice(2), BENCHMARKS);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 1;
    return undefined;
  }
}

const commandLine = readArguments();
try {
  if (commandLine !== undefined) await main(commandLine);
} finally {
  await stopLoading();
}

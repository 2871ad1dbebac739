const { isMainThread } = require('node:worker_threads');
const { NotFoundException } = require('@nestjs/common');
const { taskSignal } = require('nestjs-futures/task');

exports.report = function report(a, b) {
  return { sum: a + b, isMainThread, pid: process.pid, isAborted: taskSignal().aborted };
};

exports.missing = function missing(what) {
  throw new NotFoundException(`No ${what}`);
};

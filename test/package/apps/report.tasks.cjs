const { isMainThread } = require('node:worker_threads');
const { NotFoundException } = require('@nestjs/common');

exports.report = function report(a, b) {
  return { sum: a + b, isMainThread };
};

exports.missing = function missing(what) {
  throw new NotFoundException(`No ${what}`);
};

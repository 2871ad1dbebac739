import { unplugin } from './plugin.js';

/** A plugin of rollup, rolldown or Vite. */
export interface RollupPlugin {
  readonly name: string;
}

/** A plugin of webpack or rspack. */
// oxlint-disable-next-line typescript/consistent-type-definitions -- an interface has no index
export type WebpackPlugin = { readonly apply: (compiler: any) => void };

/** A plugin of esbuild. */
export interface EsbuildPlugin {
  readonly name: string;
  readonly setup: (build: any) => void;
}

/** The plugins, by bundler. */
export interface TaskFilesPlugins {
  esbuild(this: void): EsbuildPlugin;
  rolldown(this: void): RollupPlugin;
  rollup(this: void): RollupPlugin;
  rspack(this: void): WebpackPlugin;
  vite(this: void): RollupPlugin;
  webpack(this: void): WebpackPlugin;
}

/**
 * Plugins that make each task file a file of its own in the output of a bundler, together with what
 * it imports, and have `taskFile()` point to it. Needs the packages `unplugin` and `oxc-parser`.
 *
 * A `taskFile()` whose file is not known at build time is a warning of the build, one whose file is
 * not there an error.
 *
 * @example
 * ```js
 * // webpack.config.js
 * const { taskFiles } = require('nestjs-futures/bundler');
 *
 * module.exports = { plugins: [taskFiles.webpack()] };
 * ```
 *
 * @publicApi
 */
export const taskFiles: TaskFilesPlugins = {
  esbuild: () => unplugin.esbuild(false),
  rolldown: () => unplugin.rolldown(false) as RollupPlugin,
  rollup: () => unplugin.rollup(false) as RollupPlugin,
  rspack: () => unplugin.rspack(false),
  vite: () => unplugin.vite(false) as RollupPlugin,
  webpack: () => unplugin.webpack(false),
};

/**
 * A configuration for `nest build` with webpack or rspack: Nest's own, with the plugin.
 *
 * @param options what Nest passes to the function that a configuration file exports
 * @param bundler webpack or rspack itself, as Nest passes it
 *
 * @example
 * ```js
 * // webpack.config.js or rspack.config.js
 * module.exports = require('nestjs-futures/bundler').nestConfig;
 * ```
 *
 * @publicApi
 */
export function nestConfig<Options extends { plugins?: any }>(
  options: Options,
  bundler: unknown,
): Options {
  const isRspack = 'rspackVersion' in (bundler as object);
  const plugin = isRspack ? taskFiles.rspack() : taskFiles.webpack();
  return { ...options, plugins: [...(options.plugins ?? []), plugin] };
}

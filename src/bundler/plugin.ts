import { dirname } from 'node:path';
import type { PluginBuild } from 'esbuild';
import type { TransformPluginContext } from 'rollup';
import {
  type UnpluginBuildContext,
  type UnpluginContext,
  type UnpluginContextMeta,
  type UnpluginOptions,
  createUnplugin,
} from 'unplugin';
import type { Compiler } from 'webpack';
import { EsbuildFiles } from './esbuild.js';
import { type BundlerContext, rewriteCalls } from './rewrite.js';
import { RollupChunks } from './rollup.js';
import { type WebpackContext, WebpackEntries } from './webpack.js';
import { WORKER_ENTRY_MARKS, rewriteWorkerEntries } from './worker-entries.js';

const NAME = 'nestjs-futures';

type HookContext = UnpluginBuildContext & UnpluginContext;
type Services = Pick<BundlerContext, 'emit' | 'emitEntry' | 'resolve'>;

/**
 * The plugin, for each bundler.
 *
 * @internal
 */
export const unplugin = createUnplugin<boolean | undefined>((isNested, meta) => {
  const plugin: UnpluginOptions = {
    name: NAME,
    // Before Vite looks at `new URL(…, import.meta.url)`; but after ts-loader has checked types.
    enforce: meta.framework === 'vite' ? 'pre' : 'post',
    transform: {
      filter: { id: /\.[cm]?[jt]sx?(?:[?#]|$)/, code: [/\btaskFile\b/, WORKER_ENTRY_MARKS] },
      async handler(code, id) {
        const context: BundlerContext = {
          ...services(this),
          warn: (message) => this.warn(message),
          error: (message) => this.error(message),
        };
        const file = id.replace(/[?#].*$/, '');
        const rewritten =
          rewriteWorkerEntries(code, file, context.emitEntry) ??
          (await rewriteCalls(code, file, context));
        // Lines stay where they are, so that the maps of other plugins still fit.
        return rewritten === undefined ? null : { code: rewritten, map: null };
      },
    },
  };
  const services = addServices(plugin, meta, isNested ?? false);
  return plugin;
});

/** Adds what is special to the bundler. Returns what that gives to each transformation. */
function addServices(
  plugin: UnpluginOptions,
  meta: UnpluginContextMeta,
  isNested: boolean,
): (context: HookContext) => Services {
  switch (meta.framework) {
    case 'webpack':
    case 'rspack':
      return webpackServices(plugin);
    case 'esbuild':
      return esbuildServices(plugin, isNested);
    default:
      return rollupServices(plugin);
  }
}

function webpackServices(plugin: UnpluginOptions): (context: HookContext) => Services {
  let entries: WebpackEntries;
  const start = (compiler: Compiler) => (entries = new WebpackEntries(compiler));
  plugin.webpack = (compiler) => void start(compiler);
  plugin.rspack = (compiler) => void start(compiler as unknown as Compiler);
  return (context) => {
    const native = nativeOf<WebpackContext>(context);
    const { loaderContext: loader } = native;
    const resolve = loader.getResolve({});
    return {
      emit: (file) => entries.emit(file, native),
      emitEntry: (parts) => entries.emitEntry(parts, native),
      resolve: (specifier) =>
        resolve(loader.context, specifier).then(
          (file) => file || undefined,
          () => undefined,
        ),
    };
  };
}

function rollupServices(plugin: UnpluginOptions): (context: HookContext) => Services {
  const chunks = new RollupChunks();
  plugin.rollup = chunks.hooks;
  plugin.rolldown = chunks.hooks as unknown as NonNullable<UnpluginOptions['rolldown']>;
  plugin.vite = { ...plugin.rolldown, apply: 'build' } as NonNullable<UnpluginOptions['vite']>;
  return (context) => {
    const native = context as unknown as TransformPluginContext;
    return {
      emit: (file) => chunks.emit(file, native),
      emitEntry: (parts) => chunks.emitEntry(parts, native),
      resolve: async (specifier, importer) => {
        const resolved = await native.resolve(specifier, importer);
        return resolved === null || resolved.external !== false ? undefined : resolved.id;
      },
    };
  };
}

function esbuildServices(
  plugin: UnpluginOptions,
  isNested: boolean,
): (context: HookContext) => Services {
  // One plugin can be in several builds.
  const services = new WeakMap<object, Services>();
  plugin.esbuild = {
    setup: (build: PluginBuild) => {
      const files = new EsbuildFiles(build, isNested ? undefined : unplugin.esbuild(true));
      services.set(build, {
        emit: (file) => files.emit(file),
        emitEntry: (parts) => files.emitEntry(parts),
        resolve: async (specifier, importer) => {
          const options = {
            importer,
            resolveDir: dirname(importer),
            kind: 'require-resolve',
          } as const;
          const { path, errors } = await build.resolve(specifier, options);
          return errors.length === 0 ? path : undefined;
        },
      });
    },
  };
  return (context) => {
    const { build } = nativeOf<{ build: PluginBuild }>(context);
    return services.get(build) as Services;
  };
}

/** What the bundler gives to the transformation that runs. */
function nativeOf<Native>(context: HookContext): Native {
  return context.getNativeBuildContext?.() as Native;
}

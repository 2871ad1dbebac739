import { stripVTControlCharacters } from 'node:util';
import type { CompilerOptions } from './tsconfig.js';
import type { Format } from './format.js';

/** A TypeScript file to compile. */
export interface SourceFile {
  readonly path: string;
  readonly code: string;
  readonly format: Format;
  readonly isTsx: boolean;
  readonly options: CompilerOptions;
}

/** Compiles a file. The result carries its source map, so that stacks show lines of the source. */
export type Compile = (file: SourceFile) => string;

/** What this Node runs as it is. */
const TARGET = 'es2022';

interface Swc {
  transformSync?(code: string, options: object): { readonly code: string };
}

export function withSwc(swc: Swc): Compile | undefined {
  if (swc.transformSync === undefined) return undefined;
  return ({ path, code, format, isTsx, options }) => {
    const legacyDecorator = options.experimentalDecorators === true;
    const transform = () =>
      (swc as Required<Swc>).transformSync(code, {
        filename: path,
        swcrc: false,
        configFile: false,
        sourceMaps: 'inline',
        module: { type: format === 'commonjs' ? 'commonjs' : 'es6' },
        jsc: {
          target: TARGET,
          keepClassNames: true,
          parser: { syntax: 'typescript', tsx: isTsx, decorators: true },
          transform: {
            legacyDecorator,
            decoratorMetadata: options.emitDecoratorMetadata === true,
            ...(legacyDecorator ? {} : { decoratorVersion: '2022-03' }),
            useDefineForClassFields: definesFields(options),
            verbatimModuleSyntax: options.verbatimModuleSyntax === true,
            react: {
              runtime: isAutomatic(options) ? 'automatic' : 'classic',
              ...(options.jsxImportSource && { importSource: options.jsxImportSource }),
              ...(options.jsxFactory && { pragma: options.jsxFactory }),
              ...(options.jsxFragmentFactory && { pragmaFrag: options.jsxFragmentFactory }),
            },
          },
          experimental: { keepImportAttributes: true },
        },
      });
    try {
      return transform().code;
    } catch (error) {
      throw new SyntaxError(describeSwc(path, (error as Error).message), { cause: error });
    }
  };
}

/** Of a message with a code frame and a stack, what is wrong and where. */
function describeSwc(path: string, message: string): string {
  const text = stripVTControlCharacters(message);
  const line = /:(\d+):\d+\]/.exec(text)?.[1];
  const fault = (text.trim().split('\n')[0] as string).replace(/^[x×] */, '');
  return `${path}${line === undefined ? '' : `:${line}`}: ${fault}`;
}

interface Esbuild {
  transformSync?(code: string, options: object): { readonly code: string };
}

interface EsbuildError extends Error {
  readonly errors?: readonly {
    readonly text: string;
    readonly location?: { readonly line: number; readonly column: number } | null;
  }[];
}

function describeEsbuild(path: string, { message, errors }: EsbuildError): string {
  const { text = message, location } = errors?.[0] ?? {};
  return location ? `${path}:${location.line}:${location.column + 1}: ${text}` : `${path}: ${text}`;
}

export function withEsbuild(esbuild: Esbuild): Compile | undefined {
  if (esbuild.transformSync === undefined) return undefined;
  return ({ path, code, format, isTsx, options }) => {
    const transform = () =>
      (esbuild as Required<Esbuild>).transformSync(code, {
        sourcefile: path,
        loader: isTsx ? 'tsx' : 'ts',
        format: format === 'commonjs' ? 'cjs' : 'esm',
        platform: 'node',
        target: TARGET,
        // In CommonJS, tsc makes a require() of an import(), too.
        supported: { 'dynamic-import': format === 'module', 'import-attributes': true },
        sourcemap: 'inline',
        sourcesContent: false,
        keepNames: true,
        logLevel: 'silent',
        tsconfigRaw: {
          compilerOptions: { ...options, useDefineForClassFields: definesFields(options) },
        },
      });
    let result: string;
    try {
      result = transform().code;
    } catch (error) {
      throw new SyntaxError(describeEsbuild(path, error as EsbuildError), { cause: error });
    }
    if (options.emitDecoratorMetadata === true && /\b__decorateClass\(/.test(result)) {
      throw new NeedsOtherCompiler(
        `${path} has decorators, and esbuild cannot emit the metadata that "emitDecoratorMetadata" asks for`,
      );
    }
    return result;
  };
}

/** A compiler that is installed cannot compile a file, and another could. */
export class NeedsOtherCompiler extends Error {}

/** What is used of the package `typescript`. Since version 7, it may have none of this. */
interface TypeScript {
  readonly transpileModule?: (
    code: string,
    options: object,
  ) => { readonly outputText: string; readonly diagnostics?: readonly Diagnostic[] };
  convertCompilerOptionsFromJson(options: object, folder: string): { readonly options: object };
  flattenDiagnosticMessageText(text: unknown, newLine: string): string;
  readonly ModuleKind: { readonly CommonJS: number; readonly ESNext: number };
  readonly ScriptTarget: { readonly ES2022: number };
}

interface Diagnostic {
  readonly category: number;
  readonly start?: number;
  readonly messageText: unknown;
  readonly file?: {
    getLineAndCharacterOfPosition(at: number): {
      readonly line: number;
      readonly character: number;
    };
  };
}

/** `ts.DiagnosticCategory.Error` */
const ERROR = 1;

export function withTypeScript(ts: TypeScript): Compile | undefined {
  const { transpileModule } = ts;
  if (transpileModule === undefined) return undefined;
  return ({ path, code, format, options }) => {
    const { paths: _paths, baseUrl: _baseUrl, ...rest } = options;
    const { outputText, diagnostics = [] } = transpileModule(code, {
      fileName: path,
      reportDiagnostics: true,
      compilerOptions: {
        ...ts.convertCompilerOptionsFromJson(rest, '/').options,
        module: format === 'commonjs' ? ts.ModuleKind.CommonJS : ts.ModuleKind.ESNext,
        moduleResolution: undefined,
        target: ts.ScriptTarget.ES2022,
        useDefineForClassFields: definesFields(options),
        inlineSourceMap: true,
        sourceMap: false,
        declaration: false,
        declarationMap: false,
        composite: false,
        noEmit: false,
        removeComments: false,
      },
    });
    const first = diagnostics.find(({ category, file }) => category === ERROR && file);
    if (first !== undefined) throw new SyntaxError(describe(ts, path, first));
    return outputText;
  };
}

function describe(ts: TypeScript, path: string, { file, start, messageText }: Diagnostic): string {
  const { line, character } = file?.getLineAndCharacterOfPosition(start ?? 0) ?? {
    line: 0,
    character: 0,
  };
  const text = ts.flattenDiagnosticMessageText(messageText, ' ');
  return `${path}:${line + 1}:${character + 1}: ${text}`;
}

function isAutomatic({ jsx = '' }: CompilerOptions): boolean {
  return /^react-jsx/i.test(jsx);
}

/** The default depends on the target of the project, not on that of this compilation. */
function definesFields({ useDefineForClassFields, target = 'es5' }: CompilerOptions): boolean {
  return useDefineForClassFields ?? /^(?:es20(?:2[2-9]|[3-9]\d)|esnext)$/i.test(target);
}

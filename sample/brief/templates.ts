import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { callbackify } from 'node:util';
import type { NestExpressApplication } from '@nestjs/platform-express';
import Handlebars from 'handlebars';
import type { Portlet } from '../portlets/portlet.js';

/** The template's data, as a helper finds it. */
interface Root {
  readonly portlets: readonly Portlet[];
}

/** Makes the app render `*.hbs`, with the helper `{{portlet "Name"}}`. */
export function useTemplates(app: NestExpressApplication): void {
  const handlebars = Handlebars.create();
  handlebars.registerHelper('portlet', (name: string, options: Handlebars.HelperOptions) => {
    const { portlets } = (options.data as { root: Root }).root;
    const portlet = portlets.find((each) => each.constructor.name === name);
    if (portlet === undefined) throw new Error(`There is no portlet "${name}".`);
    return new handlebars.SafeString(portlet.render().markup);
  });
  app.engine(
    'hbs',
    callbackify(async (file: string, model: object) =>
      handlebars.compile(await readFile(file, 'utf8'))(model),
    ),
  );
  app.setViewEngine('hbs');
  // Relative to the compiled file, sample/dist/brief/templates.js.
  app.setBaseViewsDir(fileURLToPath(new URL('../../brief', import.meta.url)));
}

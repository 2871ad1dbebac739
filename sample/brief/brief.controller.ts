import { Controller, Get, Inject, Render } from '@nestjs/common';
import { styles } from '../page/styles.js';
import type { Portlet } from '../portlets/portlet.js';
import { PORTLETS } from '../portlets/portlets.js';

/**
 * A page from a template. The handler asks for nothing. The template does, through its helper: it
 * is rendered inside the pass.
 */
@Controller('brief')
export class BriefController {
  constructor(@Inject(PORTLETS) private readonly portlets: readonly Portlet[]) {}

  @Get()
  @Render('brief')
  show(): { styles: string; portlets: readonly Portlet[] } {
    return { styles, portlets: this.portlets };
  }
}

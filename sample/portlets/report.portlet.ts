import { Injectable } from '@nestjs/common';
import { FuturesService } from 'nestjs-futures';
import { html, trusted, type Html } from '../page/html.js';
import { report } from '../tasks/handles.js';
import { card, type Portlet } from './portlet.js';

export const reportFile = 'report.md';

export function reportView(body: string): Html {
  return card(
    {
      title: 'How the swarms were found',
      lead: 'A report in Markdown, its code highlighted by Shiki.',
      source: `sample/data/${reportFile}`,
      size: 'wide tall',
    },
    html`<div class="prose">${trusted(body)}</div>`,
  );
}

@Injectable()
export class ReportPortlet implements Portlet {
  constructor(private readonly futures: FuturesService) {}

  render(): Html {
    return reportView(this.futures.resultOrSubmit('report', '', report.renderReport, reportFile));
  }
}

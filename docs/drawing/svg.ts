/** Shapes as SVG text: few, so that all pictures look alike, on light and on dark pages. */

/** A drawing of `docs/pictures`, with what is read out in its place. */
export interface Picture {
  /** Of the file, without `.svg`. */
  readonly name: string;
  readonly title: string;
  /** All that the picture says, in sentences. */
  readonly description: string;
  readonly height: number;
  readonly shapes: readonly string[];
}

/** Fills that carry dark text on either kind of page. */
export type Fill = 'blue' | 'green' | 'amber' | 'red' | 'grey' | 'none';
export type Anchor = 'start' | 'middle' | 'end';

export const WIDTH = 760;

const STYLE = `text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.head { font-weight: 600 } .note { font-size: 12px; fill: #59636e } .code { font: 12px ui-monospace, monospace }
.page { fill: #ffffff }
.line { stroke: #59636e; stroke-width: 1.5; fill: none } .tip { fill: #59636e }
.faint { stroke-dasharray: 5 4 } .strong { stroke-width: 3 }
.box { stroke: #59636e; stroke-width: 1 }
.none { fill: none } .blue { fill: #9ec5fe } .green { fill: #a3d9b5 } .amber { fill: #ffd98a } .red { fill: #f5b0a8 } .grey { fill: #d0d7de }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117 } text { fill: #e6edf3 } .note { fill: #9198a1 }
.line, .box { stroke: #9198a1 } .tip { fill: #9198a1 }
}
.in { fill: #1f2328 }`;

export function svg({ name, title, description, height, shapes }: Picture): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="${name}-title ${name}-desc">
<title id="${name}-title">${escaped(title)}</title>
<desc id="${name}-desc">${escaped(description)}</desc>
<style>${STYLE}</style>
<defs><marker id="${name}-tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 0L10 5L0 10z"/></marker></defs>
<rect class="page" width="${WIDTH}" height="${height}"/>
${shapes.join('\n').replaceAll(TIP, `url(#${name}-tip)`)}
</svg>
`;
}

/** Stands for the arrow head, whose name is the picture's: pictures may be put into one page. */
const TIP = 'tip-of-this-picture';

/** `style`: `head`, `note`, `code`, `in` (on a fill), or several of them. `y` is the base line. */
export function text(x: number, y: number, content: string, style = '', anchor: Anchor = 'start'): string {
  const styled = style === '' ? '' : ` class="${style}"`;
  const anchored = anchor === 'start' ? '' : ` text-anchor="${anchor}"`;
  return `<text${styled} x="${x}" y="${y}"${anchored}>${escaped(content)}</text>`;
}

/** Lines of a text, 17 apart. */
export function lines(x: number, y: number, contents: readonly string[], style = 'note'): string {
  return contents.map((content, at) => text(x, y + 17 * at, content, style)).join('\n');
}

/** A box with a few words in its middle. */
export function box(x: number, y: number, width: number, height: number, fill: Fill, label = ''): string {
  const rectangle = `<rect class="box ${fill}" x="${x}" y="${y}" width="${width}" height="${height}" rx="3"/>`;
  if (label === '') return rectangle;
  const style = fill === 'none' ? '' : 'in';
  return `${rectangle}\n${text(x + width / 2, y + height / 2 + 4.5, label, style, 'middle')}`;
}

/** `style`: `faint` (dashed), `strong`, or none. */
export function line(x1: number, y1: number, x2: number, y2: number, style = ''): string {
  return `<line class="${['line', style].join(' ').trim()}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

export function arrow(x1: number, y1: number, x2: number, y2: number, style = ''): string {
  return line(x1, y1, x2, y2, style).replace('/>', ` marker-end="${TIP}"/>`);
}

export function dot(x: number, y: number, fill: Fill): string {
  return `<circle class="box ${fill}" cx="${x}" cy="${y}" r="6"/>`;
}

function escaped(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

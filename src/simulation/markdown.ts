/** What the pages that are written from figures are made of. */

const WIDTH = 120;

export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const line = (cells: readonly (string | number)[]): string =>
    `| ${cells.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell)).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** `text` with its paragraphs in lines of at most 120 characters; tables, headings and pictures stay as they are. */
export function wrapParagraphs(text: string): string {
  const blocks = text.split('\n\n').map((block) => (/^[|#!]/u.test(block) ? block : wrapped(block)));
  return blocks.join('\n\n');
}

/** `page` with `part` in the place of what lies between two of its lines. */
export function withPart(page: string, begin: string, end: string, part: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page lacks its marks: ${begin}, and ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${part}\n\n${page.slice(to)}`;
}

function wrapped(paragraph: string): string {
  const lines = [''];
  for (const word of paragraph.split(/\s+/u)) {
    const line = lines.at(-1) as string;
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

/** Numbers of steps, as people type them: `3,17-19`. */

export function formatNumbers(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && number <= last[1] + 1) last[1] = Math.max(last[1], number);
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** Ascending, each once; `undefined` if it is not such a list, or names more than `countMax`. */
export function parseNumbers(text: string, countMax: number): readonly number[] | undefined {
  if (text === '' || text === 'none') return [];
  const numbers = new Set<number>();
  for (const range of text.split(',')) {
    const { from, to = from } = /^(?<from>\d{1,10})(?:-(?<to>\d{1,10}))?$/u.exec(range)?.groups ?? {};
    const [first, last] = [Number(from ?? Number.NaN), Number(to ?? Number.NaN)];
    if (!(first <= last) || numbers.size + last - first >= countMax) return undefined;
    for (let number = first; number <= last; number++) numbers.add(number);
  }
  return [...numbers].toSorted((a, b) => a - b);
}

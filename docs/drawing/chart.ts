/** Curves over two axes, as shapes of a picture. */

import { text } from './svg.ts';

/** Strokes that can be told apart on light and on dark pages. */
export type Stroke = 'blue' | 'green' | 'amber' | 'red' | 'grey';

export interface Curve {
  readonly name: string;
  readonly stroke: Stroke;
  /** Theory, not measured. */
  readonly isDashed?: boolean;
  /** Each point a mark of its own. */
  readonly isMarked?: boolean;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Axis {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
  readonly isLogarithmic?: boolean;
}

const LEFT = 70;
const RIGHT = 500;
const HEIGHT = 230;
/** Names of the curves stand right of them, in their order. */
const KEY_X = 524;

const COLOURS: Readonly<Record<Stroke, string>> = {
  blue: '#3b82f6',
  green: '#2f9e6e',
  amber: '#d18a00',
  red: '#d6504a',
  grey: '#8b949e',
};

export function chart(top: number, x: Axis, y: Axis, curves: readonly Curve[]): string[] {
  const bottom = top + HEIGHT;
  const place = ([at, value]: readonly [number, number]): string =>
    `${round(LEFT + share(x, at) * (RIGHT - LEFT))},${round(bottom - share(y, value) * HEIGHT)}`;
  const grid = y.ticks.flatMap((tick) => {
    const [, level] = place([x.from, tick]).split(',');
    return [
      `<line class="line" stroke-opacity="0.25" x1="${LEFT}" y1="${level}" x2="${RIGHT}" y2="${level}"/>`,
      text(LEFT - 8, Number(level) + 4, shown(tick), 'note', 'end'),
    ];
  });
  const marks = x.ticks.map((tick) =>
    text(Number(place([tick, y.from]).split(',')[0]), bottom + 18, shown(tick), 'note', 'middle'),
  );
  const drawn = curves.flatMap(({ name, stroke, isDashed = false, isMarked = false, points }, at) => {
    const style = `fill="none" stroke="${COLOURS[stroke]}" stroke-width="2.2"${isDashed ? ' stroke-dasharray="6 4"' : ''}`;
    const keyY = top + 14 + at * 24;
    const dots = isMarked ? points.map((point) => mark(place(point), COLOURS[stroke])) : [];
    return [
      `<polyline ${style} points="${points.map(place).join(' ')}"/>`,
      ...dots,
      `<line ${style} x1="${KEY_X}" y1="${keyY - 4}" x2="${KEY_X + 28}" y2="${keyY - 4}"/>`,
      text(KEY_X + 36, keyY, name, 'note'),
    ];
  });
  return [
    ...grid,
    ...marks,
    text((LEFT + RIGHT) / 2, bottom + 40, x.title, 'note', 'middle'),
    text(16, top - 12, y.title, 'note'),
    ...drawn,
  ];
}

function mark(at: string, colour: string): string {
  const [x, y] = at.split(',');
  return `<circle fill="${colour}" cx="${x}" cy="${y}" r="3.5"/>`;
}

function share({ from, to, isLogarithmic = false }: Axis, at: number): number {
  return isLogarithmic ? Math.log(at / from) / Math.log(to / from) : (at - from) / (to - from);
}

function shown(tick: number): string {
  // A row of noughts has no room beside the axis, and nobody counts them.
  return tick !== 0 && Math.abs(tick) < 1e-3
    ? tick.toExponential().replace('-', '−')
    : tick.toLocaleString('en', { maximumSignificantDigits: 6 });
}

function round(length: number): number {
  return Math.round(length * 10) / 10;
}

/** From 0 to at least `max`, in four to eight round steps. */
export function axisTo(title: string, max: number): Axis {
  const rough = max / 6;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * magnitude >= rough) ?? 10) * magnitude;
  const count = Math.ceil(max / step);
  return {
    title,
    from: 0,
    to: count * step,
    ticks: Array.from({ length: count + 1 }, (_, at) => Number((at * step).toPrecision(6))),
  };
}

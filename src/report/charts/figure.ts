// What all figures share: size, description for people who cannot see them, axes with units, caption.

import { type Child, element, type Markup, together } from '../markup.ts';
import type { Scale } from './scale.ts';

/** Width of every figure in user units; the page scales it to its column. */
export const WIDTH = 480;

export interface FigureParts {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** What the figure shows, for people who cannot see it. */
  readonly description: string;
  /** How to read it: a sentence or two under the heading. */
  readonly caption: string;
  readonly height: number;
  readonly legend?: readonly LegendEntry[];
}

export interface LegendEntry {
  readonly label: string;
  readonly className: string;
}

/** A figure: heading, caption, legend, drawing. The order is the same in every figure, so that rows align. */
export function figure(parts: FigureParts, ...drawing: readonly Child[]): Markup {
  const { id, title, description, caption, height, legend = [] } = parts;
  const svg = element(
    'svg',
    {
      viewBox: `0 0 ${WIDTH} ${height}`,
      role: 'img',
      'aria-labelledby': `${id}-title ${id}-desc`,
      xmlns: 'http://www.w3.org/2000/svg',
    },
    element('title', { id: `${id}-title` }, title),
    element('desc', { id: `${id}-desc` }, description),
    ...drawing,
  );
  return element(
    'figure',
    { id },
    element('figcaption', {}, element('h3', {}, title), element('p', {}, caption)),
    legend.length === 0 ? element('div') : element('ul', { class: 'legend' }, ...legend.map(legendItem)),
    svg,
  );
}

function legendItem({ label, className }: LegendEntry): Markup {
  const swatch = element(
    'svg',
    { viewBox: '0 0 24 8', 'aria-hidden': 'true' },
    element('line', { x1: 1, y1: 4, x2: 23, y2: 4, class: className }),
  );
  return element('li', {}, swatch, label);
}

export interface PlotArea {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Grid lines and labels of the horizontal axis, with its name and unit under it. */
export function horizontalAxis(scale: Scale, area: PlotArea, title: string | null): Markup {
  return together([
    ...spaced(scale).map(({ value, label }) =>
      together([
        element('line', {
          x1: scale.at(value),
          x2: scale.at(value),
          y1: area.top,
          y2: area.bottom,
          class: 'grid',
        }),
        title === null
          ? null
          : element('text', { x: scale.at(value), y: area.bottom + 15, class: 'tick middle' }, label),
      ]),
    ),
    element('line', { x1: area.left, x2: area.right, y1: area.bottom, y2: area.bottom, class: 'axis' }),
    title === null
      ? null
      : element(
          'text',
          { x: (area.left + area.right) / 2, y: area.bottom + 32, class: 'name middle' },
          title,
        ),
  ]);
}

/** Grid lines and labels of the vertical axis, with its name and unit above it. */
export function verticalAxis(scale: Scale, area: PlotArea, title: string): Markup {
  return together([
    ...scale.ticks.map(({ value, label }) =>
      together([
        element('line', {
          x1: area.left,
          x2: area.right,
          y1: scale.at(value),
          y2: scale.at(value),
          class: 'grid',
        }),
        element('text', { x: area.left - 6, y: scale.at(value) + 4, class: 'tick end' }, label),
      ]),
    ),
    element('text', { x: 0, y: area.top - 10, class: 'name' }, title),
  ]);
}

/** Selects ticks whose labels do not touch, at about 7 units a character. */
function spaced({ at, ticks }: Scale): Scale['ticks'] {
  const kept: Scale['ticks'][number][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const tick of ticks) {
    const half = tick.label.length * 3.4 + 3;
    if (at(tick.value) - half < end) continue;
    kept.push(tick);
    end = at(tick.value) + half;
  }
  return kept;
}

/** A path through points. Skips points less than half a unit from the one before. */
export function linePath(points: readonly (readonly [x: number, y: number])[]): string {
  const parts: string[] = [];
  let lastX = Number.NaN;
  let lastY = Number.NaN;
  for (const [index, [x, y]] of points.entries()) {
    const isNear = Math.abs(x - lastX) < 0.4 && Math.abs(y - lastY) < 0.4;
    if (isNear && index < points.length - 1) continue;
    parts.push(`${parts.length === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`);
    lastX = x;
    lastY = y;
  }
  return parts.join('');
}

/** The look of the n-th line of a figure: a colour, and a dash once the colours are used up. */
export function seriesClass(index: number): string {
  return `s${index % 8}${index >= 8 ? ' again' : ''}`;
}

/** Cuts a name so that it fits beside a plot; the tables show the whole name. */
export function shortName(name: string, maxLength = 16): string {
  const characters = Array.from(name);
  return characters.length <= maxLength ? name : `${characters.slice(0, maxLength - 1).join('')}…`;
}

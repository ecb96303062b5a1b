// The plot of a run: latencies over time, and how they are distributed. SVG by hand, small, legible on light and dark ground.
import type { Figures } from './figures.ts';

type Point = readonly [x: number, y: number];
type Line = { readonly name: string; readonly style: string; readonly points: readonly Point[] };
type Axis = {
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
  /** 0 to 1 between `from` and `to`. */
  place(value: number): number;
};

const WIDTH = 860;
const PANEL = { left: 64, width: 770, height: 210 };
const PANELS_TOP = [76, 366] as const;
const HEIGHT = 640;
/** What is drawn of a long run, or of a fine distribution. */
const POINTS_MAX = 240;
const LATENCY_LEAST_MS = 0.1;

const STYLE = `<style>
text{font:13px system-ui,sans-serif;fill:#222}.title{font-size:16px;font-weight:600}.small{font-size:12px;fill:#555}
.ground{fill:#fff}.grid{stroke:#ddd}.line{fill:none;stroke-width:1.7}.a{stroke:#0a6bc4}.d{stroke:#c2410c}.p50{stroke-dasharray:5 3}
@media(prefers-color-scheme:dark){text{fill:#e6e6e6}.small{fill:#aaa}.ground{fill:#16181c}.grid{stroke:#3a3d44}.a{stroke:#5ab0ff}.d{stroke:#ff9a62}}
</style>`;

export function chartOf(figures: Figures): string {
  const { parameters, startedAt, seconds, acceptedDistribution, deliveredDistribution } = figures;
  const { users, groups, rate } = parameters;
  const measured = seconds.filter(({ s }) => s > 0);
  const over = (kind: 'acceptedMs' | 'deliveredMs', share: 'p50' | 'p99') =>
    thinned(
      measured.filter((second) => second[kind].count > 0).map((second): Point => [second.s, second[kind][share]]),
    );
  const time: Line[] = [
    { name: 'accepted p50', style: 'a p50', points: over('acceptedMs', 'p50') },
    { name: 'accepted p99', style: 'a', points: over('acceptedMs', 'p99') },
    { name: 'delivered p50', style: 'd p50', points: over('deliveredMs', 'p50') },
    { name: 'delivered p99', style: 'd', points: over('deliveredMs', 'p99') },
  ];
  const nines = (distribution: Figures['acceptedDistribution']): Point[] =>
    thinned(distribution.filter(([percent]) => percent < 100).map(([percent, ms]): Point => [ninesOf(percent), ms]));
  const shares: Line[] = [
    { name: 'accepted', style: 'a', points: nines(acceptedDistribution) },
    { name: 'delivered', style: 'd', points: nines(deliveredDistribution) },
  ];
  const lengthS = Math.max(1, ...measured.map(({ s }) => s));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Latency of messages">`,
    STYLE,
    `<rect class="ground" width="${WIDTH}" height="${HEIGHT}"/>`,
    text(PANEL.left, 28, 'title', `Parley under load: ${users} users, ${groups} groups, ${rate} messages a second`),
    text(PANEL.left, 48, 'small', `${startedAt}; ms since a message was due`),
    panel(PANELS_TOP[0], time, linear(lengthS), 'second of the run'),
    panel(PANELS_TOP[1], shares, percents(shares), 'percent of messages that took no longer'),
    '</svg>\n',
  ].join('\n');
}

function panel(top: number, lines: readonly Line[], x: Axis, xTitle: string): string {
  const { left, width, height } = PANEL;
  const y = logarithmic(lines.flatMap(({ points }) => points.map(([, ms]) => ms)));
  const xOf = (value: number) => round(left + x.place(value) * width);
  const yOf = (value: number) => round(top + height - y.place(value) * height);
  const grid = [
    ...y.ticks.map(({ at, text: label }) =>
      [
        `<path class="grid" d="M${left} ${yOf(at)}h${width}"/>`,
        `<text x="${left - 8}" y="${yOf(at) + 4}" text-anchor="end">${label}</text>`,
      ].join(''),
    ),
    ...x.ticks.map(({ at, text: label }) =>
      [
        `<path class="grid" d="M${xOf(at)} ${top}v${height}"/>`,
        `<text x="${xOf(at)}" y="${top + height + 18}" text-anchor="middle">${label}</text>`,
      ].join(''),
    ),
  ];
  const drawn = lines
    .filter(({ points }) => points.length > 0)
    .map(
      ({ style, points }) =>
        `<polyline class="line ${style}" points="${points.map(([at, ms]) => `${xOf(at)},${yOf(ms)}`).join(' ')}"/>`,
    );
  const legend = lines.map(({ name, style }, index) => {
    const from = left + width - (lines.length - index) * 130;
    return `<path class="line ${style}" d="M${from} ${top - 10}h24"/>${text(from + 30, top - 6, 'small', name)}`;
  });
  return [
    ...grid,
    ...drawn,
    ...legend,
    text(left - 8, top - 6, 'small', 'ms', 'end'),
    text(left + width / 2, top + height + 38, 'small', xTitle, 'middle'),
  ].join('\n');
}

function linear(to: number): Axis {
  const step = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600].find((size) => to / size <= 10) ?? 600;
  const ticks = Array.from({ length: Math.floor(to / step) + 1 }, (_, index) => index * step);
  return { from: 0, to, ticks: ticks.map((at) => ({ at, text: String(at) })), place: (value) => value / to };
}

/** 50 %, 90 %, 99 %, … at equal distances, so that the slowest are seen. */
function percents(lines: readonly Line[]): Axis {
  const to = Math.max(1, ...lines.flatMap(({ points }) => points.map(([nines]) => nines)));
  const named = [0, 50, 90, 99, 99.9, 99.99, 99.999].map((percent) => ({
    at: ninesOf(percent),
    text: String(percent),
  }));
  return { from: 0, to, ticks: named.filter(({ at }) => at <= to), place: (value) => value / to };
}

function ninesOf(percent: number): number {
  return -Math.log10(1 - percent / 100);
}

function logarithmic(values: readonly number[]): Axis {
  const least = Math.max(LATENCY_LEAST_MS, Math.min(...values, 1e6));
  const from = Math.floor(Math.log10(least));
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values, least))));
  const factors = to - from <= 2 ? [1, 2, 5] : [1];
  const ticks = Array.from({ length: to - from }, (_, index) => factors.map((factor) => factor * 10 ** (from + index)));
  const all = [...ticks.flat(), 10 ** to];
  return {
    ...{ from, to },
    ticks: all.map((at) => ({ at, text: String(Number(at.toPrecision(2))) })),
    place: (value) => (Math.log10(Math.max(value, 10 ** from)) - from) / (to - from),
  };
}

/** At most POINTS_MAX of them; of neighbours the slowest. */
function thinned(points: readonly Point[]): Point[] {
  const size = Math.ceil(points.length / POINTS_MAX) || 1;
  return Array.from({ length: Math.ceil(points.length / size) }, (_, index) =>
    points.slice(index * size, (index + 1) * size).reduce((slow, point) => (point[1] > slow[1] ? point : slow)),
  );
}

function text(x: number, y: number, style: string, content: string, anchor = 'start'): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text class="${style}" x="${x}" y="${y}" text-anchor="${anchor}">${escaped}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

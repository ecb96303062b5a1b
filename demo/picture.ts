// A scene as a picture and as text. The picture is SVG of a few kilobytes, dark on pages of any colour, with its text as text.
import { type Row, type Run, textOf } from './screen.ts';

export type Drawn = { readonly who: string; readonly columns: number; readonly rows: readonly Row[] };

const FONT_PX = 14;
const COLUMN_PX = 8.4;
const ROW_PX = 20;
const BASELINE_PX = 15;
const BAR_PX = 30;
const PADDING_PX = 12;
const GAP_PX = 12;
/** As terminals number them, bright ones from 8. */
const COLOURS = [
  ...['#484f58', '#ff7b72', '#3fb950', '#d29922', '#58a6ff', '#bc8cff', '#39c5cf', '#b1bac4'],
  ...['#6e7681', '#ffa198', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#ffffff'],
];
const STYLES = [
  `text{font:${FONT_PX}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6edf3}`,
  '.w{fill:#161b22;stroke:#444c56}.t{fill:#9198a1;text-anchor:middle}.b{font-weight:bold}.d{fill:#9198a1}',
].join('');

/** Windows side by side, all as high as the one that shows most. */
export function svgOf(windows: readonly Drawn[]): string {
  const rows = Math.max(...windows.map((window) => window.rows.length));
  const height = BAR_PX + rows * ROW_PX + PADDING_PX;
  let left = 0;
  const drawn = windows.map((window) => {
    const width = px(window.columns * COLUMN_PX + 2 * PADDING_PX);
    const lines = [
      `<g transform="translate(${px(left)})">`,
      `<rect class="w" x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
      `<text class="t" x="${px(width / 2)}" y="20">${escaped(`${window.who}: npm run chat`)}</text>`,
      ...window.rows.flatMap((row, index) => row.map((run) => text(run, BAR_PX + index * ROW_PX + BASELINE_PX))),
      '</g>',
    ];
    left = px(left + width + GAP_PX);
    return lines.join('\n');
  });
  const width = px(left - GAP_PX);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" xml:space="preserve">`,
    `<title>${escaped(windows.map(({ who }) => who).join(' and '))} at Parley's chat</title>`,
    `<style>${STYLES}</style>`,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

/** The windows one below the other: beside each other, signs that are wider in some fonts would shift the second. */
export function plainOf(windows: readonly Drawn[]): string {
  return windows.map(({ who, rows }) => `--- ${who} ---\n${rows.map(textOf).join('\n')}\n`).join('\n');
}

function text({ text, column, columns, bold, dim, colour, script }: Run, y: number): string {
  const style = [...(bold ? ['b'] : []), ...(dim ? ['d'] : [])].join(' ');
  const attributes = [
    `x="${px(PADDING_PX + column * COLUMN_PX)}" y="${y}"`,
    // Whatever the font, columns stand below each other.
    ...(script === 'right-to-left' ? [] : [`textLength="${px(columns * COLUMN_PX)}"`]),
    ...(style === '' ? [] : [`class="${style}"`]),
    ...(colour === undefined ? [] : [`style="fill:${COLOURS[colour]}"`]),
  ];
  return `<text ${attributes.join(' ')}>${escaped(text)}</text>`;
}

const px = (length: number): number => Math.round(length * 10) / 10;

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

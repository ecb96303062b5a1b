// How a terminal can show an image, by what its environment says of it.
import type { Depth } from './half-blocks.ts';

/** `blocks`: characters in colours; `none`: a line of text must do. */
export const WAYS = ['kitty', 'iterm2', 'sixel', 'blocks', 'none'] as const;
export type Way = (typeof WAYS)[number];
/** `asks`: what the terminal answers may be more than its environment says. */
export type ImageSettings = { readonly way: Way; readonly depth: Depth; readonly asks: boolean };

/** What a library makes of the environment. */
type Supported = { readonly kitty: boolean; readonly iterm2: boolean; readonly sixel: boolean };

/** Terminals that would show a question. */
const MUTE = /^(?:dumb|linux|cons25|vt52|$)/;
/** They draw on another terminal's screen, and pass on nothing that they do not know. */
const MULTIPLEXER = /^(?:screen|tmux)/;
const DEPTH_24 = 24;
const DEPTH_8 = 8;

/** `colourBits`: what the terminal knows, 1 where it has no colours or is none. `wished`: by the person, undefined for whatever there is. */
export function imageSettings(
  environment: Readonly<Record<string, string | undefined>>,
  { supported, colourBits, wished }: { supported: Supported; colourBits: number; wished: Way | undefined },
): ImageSettings {
  const depth = colourBits >= DEPTH_24 ? DEPTH_24 : DEPTH_8;
  const blocks = colourBits >= DEPTH_8 ? 'blocks' : 'none';
  const { TERM: term = '' } = environment;
  const asks = !MUTE.test(term) && !MULTIPLEXER.test(term) && !environment.TMUX && !environment.STY;
  if (wished !== undefined) return { way: wished, depth, asks: asks && wished === 'sixel' };
  // Without colours there is nobody who wants to see them.
  if (!asks || blocks === 'none') return { way: blocks, depth, asks: false };
  if (supported.kitty) return { way: 'kitty', depth, asks: false };
  if (supported.iterm2 && !supported.sixel) return { way: 'iterm2', depth, asks: false };
  return { way: supported.sixel ? 'sixel' : blocks, depth, asks };
}

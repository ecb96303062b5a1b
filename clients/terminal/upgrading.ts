// A profile of an earlier version is made one of this version when it is opened. A large one takes long enough to be told of.
import { OutputClosed } from './exit.ts';
import type { Output, Write } from './output.ts';

/** Below this it is done before a sentence about it is read: 100,000 take 12 s. */
const TOLD_FROM_LINES = 5_000;
/** Back to the first column, and the line is empty (ECMA-48, CR and EL). */
const EMPTY_LINE = '\r\u001b[K';

/** Says it once on standard error, and on a terminal (`screen`) how far it is. Returns what is told of each line. */
export function tellUpgrade(output: Output, profile: string, screen: Write | undefined) {
  let shown = -1;
  return (done: number, of: number): void => {
    if (of < TOLD_FROM_LINES) return;
    if (done === 0) output.note(`Upgrading the profile ${profile}, this takes a while.`);
    const percent = Math.floor((100 * done) / of);
    if (screen === undefined || percent === shown) return;
    shown = percent;
    try {
      screen(done === of ? EMPTY_LINE : `${EMPTY_LINE}${percent} %`);
    } catch (error) {
      // Nobody looks any more; the profile is upgraded all the same.
      if (!(error instanceof OutputClosed)) throw error;
    }
  };
}

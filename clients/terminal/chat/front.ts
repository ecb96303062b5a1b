// Where a chat is typed and shown, as the rest of it sees that: a terminal with a line to edit (terminal-front.ts), or lines in and lines
// out, for pipes and screen readers (plain-front.ts).
import type { Cells } from '../images/cells.ts';
import type { Pixels, Size } from '../images/pixels.ts';

export type FrontHandlers = {
  /** A line was typed, or pasted lines as one. The next one is handed on whether or not this one is done; resolves when it is. Never throws. */
  line(text: string): Promise<void>;
  /** What stands on the line by now, where that changes while it is typed. */
  typing(line: string): void;
  /** Ctrl-C where nothing stands on the line. */
  interrupt(): void;
  /** There is no more to come: Ctrl-D, the end of standard input, a terminal that is gone. */
  end(): void;
  /** What a line may go on with, at Tab: whole replacements for its last word, `word`. */
  complete(line: string): Promise<{ readonly word: string; readonly completions: readonly string[] }>;
};

export interface Front {
  /** Whether what was typed disappears when it is done, so that it has to be shown as what it became. */
  readonly erasesTyped: boolean;
  /** Of the screen, where there is one that a person looks at as a whole. */
  readonly columns: number | undefined;
  /** A question is being asked by something else: nothing may be printed, and `print` keeps it until then. */
  readonly asking: boolean;
  /** Begins to read. */
  start(handlers: FrontHandlers): void;
  /** Prints whole lines, above what is being typed. Throws OutputClosed. */
  print(text: string): void;
  /**
   * Draws an image likewise, in so many cells at most; nothing where that cannot be. `of`: pixels of the whole, of which `image` may be a small copy. Throws
   * OutputClosed.
   */
  picture(image: Pixels, of: Size, most: Cells): void;
  /** Pixels that an image in so many cells can have here; undefined: none is drawn. */
  pictureRoom(most: Cells): Size | undefined;
  /** What stands before what is typed, on its last line where there are several; harmless for a terminal. */
  prompt(text: string): void;
  /** Puts a text back onto the line, if nothing else stands there. */
  putBack(text: string): void;
  /** Lets go of the keyboard while somebody else asks something on it. */
  question<T>(ask: () => Promise<T>): Promise<T>;
  /** Lines as they fit where they are shown. */
  fitted(text: string): string;
  /** Stops reading; the terminal is as it was. */
  close(): void;
}

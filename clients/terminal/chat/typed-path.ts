// Paths as people type them, or as a terminal types a file that is dropped on it: with blanks, between quotation marks, with backslashes, from home.
import { homedir } from 'node:os';

const ON_WINDOWS = process.platform === 'win32';
/** A part of a word: between quotation marks of one kind, or up to a blank. */
const PART = ON_WINDOWS ? /"([^"]*)"|'([^']*)'|([^\s"']+)/y : /"((?:\\.|[^"\\])*)"|'([^']*)'|((?:\\.|[^\s"'\\])+)/y;

/** Words as a shell takes them; undefined where a quotation mark has no other. */
export function shellWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; ) {
    if (/\s/.test(text[at] ?? '')) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at++;
      continue;
    }
    PART.lastIndex = at;
    const [all, double, single, bare] = PART.exec(text) ?? [];
    if (all === undefined) return undefined;
    word = `${word ?? ''}${single ?? unescaped(double ?? bare ?? '')}`;
    at += all.length;
  }
  return word === undefined ? words : [...words, word];
}

/** One path that is all that was typed: as a shell would take it, and as it stands where that is not one word. */
export function typedPath(rest: string): string {
  const words = shellWords(rest);
  const [word = ''] = words ?? [];
  return atHome(words?.length === 1 ? word : rest);
}

/** What a shell would make of a path before a program sees it. */
export function atHome(path: string): string {
  return path.replace(/^~(?=[/\\]|$)/, homedir());
}

function unescaped(part: string): string {
  return ON_WINDOWS ? part : part.replace(/\\(.)/g, '$1');
}

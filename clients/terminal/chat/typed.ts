// What a typed line is: a command, a text for the open conversation, or nothing. Decided here alone, so that no text is taken for a command that
// somebody pasted or a peer wrote.

export type Typed =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'text'; readonly text: string }
  /** `name` in lower case, without its slash; `rest` without the space before it. */
  | { readonly kind: 'command'; readonly name: string; readonly rest: string };

/** A slash begins a command; two slashes begin a text that begins with one. */
export function readTyped(line: string): Typed {
  if (line.trim() === '') return { kind: 'nothing' };
  if (line.startsWith('//')) return { kind: 'text', text: line.slice(1) };
  if (!line.startsWith('/')) return { kind: 'text', text: line };
  const [, name = '', rest = ''] = /^\/(\S*)(?:\s(.*))?$/s.exec(line) ?? [];
  return { kind: 'command', name: name.toLowerCase(), rest: rest.trim() };
}

/** The first word, and what stands behind it as it was typed; both may be empty. */
export function firstWord(rest: string): { readonly word: string; readonly rest: string } {
  const [, word = '', behind = ''] = /^(\S*)(?:\s(.*))?$/s.exec(rest) ?? [];
  return { word, rest: behind };
}

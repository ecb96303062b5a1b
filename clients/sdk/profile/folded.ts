// What of a text counts when it is searched for: not its case, nor in which of several equal ways it was typed.

/** What separates texts in a pack; no folded text has it. */
export const SEPARATOR = '\0';

/**
 * NFKC (full and half width, ligatures, composed and combining accents are one), then lower case. Lower case knows where a word ends (ς), and
 * what is searched for may be the beginning of one.
 */
export function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll('ς', 'σ').replaceAll(SEPARATOR, '\ufffd');
}

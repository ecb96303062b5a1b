// What somebody may have meant who typed a name that there is not.

/** More slips than this are another word. */
const SLIPS_MAX = 2;

/** The names that are nearest to what was typed, at most two slips (a letter too many, too few, another, two exchanged) or only begun; nearest first. */
export function nearMisses(typed: string, names: readonly string[]): string[] {
  const word = typed.toLowerCase();
  if (word === '') return [];
  const begun = names.filter((name) => name.startsWith(word));
  if (begun.length > 0) return begun;
  const slips = names.map((name) => ({ name, slips: distance(word, name) }));
  const least = Math.min(...slips.map((one) => one.slips));
  // Two slips in a word of two letters are no slips.
  if (least > Math.min(SLIPS_MAX, word.length - 1)) return [];
  return slips.filter((one) => one.slips === least).map(({ name }) => name);
}

/** Damerau and Levenshtein's distance, with neighbours exchanged as one slip. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const other = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + other);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, at(before, j - 2) + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0; // never out of it
}

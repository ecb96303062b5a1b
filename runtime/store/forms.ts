// In which form data is stored (DESIGN section 2, Versions). A version of Parley reads its own form and the one before, so that services of two
// versions run side by side on the same data.

/** The forms of MongoDB's documents that this version reads, the one before its own first. */
export const MONGO_FORMS: readonly number[] = [1];

/** The same of the embedded store's tables. */
export const SQLITE_FORMS: readonly number[] = [2];

/** The last one: the version's own. */
export function ownForm(forms: readonly number[]): number {
  const own = forms.at(-1);
  if (own === undefined) throw new Error('A version reads its own form at least.');
  return own;
}

// How many people took a message of a large group: the server's word, which cannot be checked and is kept within what is possible.
import type { SentCounts } from './sent.ts';

/** Of so many people, nothing is known. */
export function noneOf(of: number): SentCounts {
  return { of, delivered: 0, expired: 0, refused: 0 };
}

/** So many more of each; never more people than there are: what is one of the first leaves less for the others. */
export function counted(counts: SentCounts, more: Omit<SentCounts, 'of'>): SentCounts {
  const { of } = counts;
  const delivered = Math.min(of, counts.delivered + more.delivered);
  const expired = Math.min(of - delivered, counts.expired + more.expired);
  const refused = Math.min(of - delivered - expired, counts.refused + more.refused);
  return { of, delivered, expired, refused };
}

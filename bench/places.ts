// A place for servers in either mode, made for one benchmark and removed after it, also when it fails.
import { makeDistributed } from './distributed.ts';
import { makeEmbedded } from './embedded.ts';
import type { Place } from './place.ts';
import type { Mode } from './result.ts';

const MAKERS: Readonly<Record<Mode, () => Promise<Place>>> = {
  embedded: makeEmbedded,
  distributed: makeDistributed,
};

const open = new Set<Place>();

/** Removes all that are in use: for an end from outside. */
export async function removePlaces(): Promise<void> {
  await Promise.allSettled([...open].map((place) => place.remove()));
}

/** A place of that mode for as long as `use` runs. */
export async function withPlace<T>(mode: Mode, use: (place: Place) => Promise<T>): Promise<T> {
  const place = await MAKERS[mode]();
  open.add(place);
  try {
    return await use(place);
  } finally {
    open.delete(place);
    await place.remove();
  }
}

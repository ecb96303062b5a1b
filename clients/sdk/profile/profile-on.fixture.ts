// Profiles for contract tests on whatever storage, closed and removed after each; and what they say, read as texts.
import { afterEach } from 'vitest';
import { decodeText } from '#protocol/bytes.ts';
import { bulkNacl } from '../crypto/bulk.nacl.ts';
import { BO, CHEAP, exampleAccount, PASSWORD, random } from './example.fixture.ts';
import { createProfile, openProfile } from './open.ts';
import type { Profile, ProfileEvent } from './profile.ts';
import type { StoragePlace } from './storage.contract.ts';
import { wasmStretch } from './stretch-wasm.ts';

export type ProfileOn = ReturnType<typeof profileOn>;

export function profileOn(newPlace: () => StoragePlace) {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  const deps = (place: StoragePlace) => ({ storage: place.open(), random, stretch: wasmStretch, bulk: bulkNacl });

  /** A new profile at a place of its own; `again`: the same, as another process opens it. */
  async function start() {
    const place = newPlace();
    ends.push(() => place.remove());
    const account = exampleAccount();
    const closing = (profile: Profile) => {
      ends.push(() => profile.close());
      return profile;
    };
    const profile = closing(await createProfile(deps(place), account, PASSWORD, CHEAP));
    const again = async (password = PASSWORD) => closing(await openProfile(deps(place), password));
    return { place, account, profile, again };
  }

  return { newPlace, ends, deps, start };
}

export async function printed(profile: Profile, limit = 1_000): Promise<ProfileEvent[]> {
  const events: ProfileEvent[] = [];
  await profile.events.printNext(limit, (event) => {
    events.push(event);
    return 'more';
  });
  return events;
}

export function told(events: readonly ProfileEvent[]): string[] {
  return events.map((event) => (event.type === 'message' ? decodeText(event.entry.content) : event.type));
}

/** The texts of the conversation of the examples, oldest first. */
export async function texts(profile: Profile): Promise<string[]> {
  return (await profile.history.before(BO, 100)).map(({ content }) => decodeText(content));
}

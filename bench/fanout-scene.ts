// The server and the relay of the fan-out benchmark, with all its people connected to both, and its groups made.
import type { Fan } from './fan.ts';
import type { Stage } from './fanout-run.ts';
import { type Group, makeGroup } from './group.ts';
import { Hall } from './hall.ts';
import { connect, Person, signUpAll } from './people.ts';
import type { Place } from './place.ts';
import { startRelay } from './relay-process.ts';
import type { StartOptions } from './subject.ts';
import { Wire } from './wire.ts';

export const SIZES = [200, 1_000] as const;
export type Size = (typeof SIZES)[number];
export const FEW_MEMBERS = 10;
/** Few and many groups of FEW_MEMBERS, all of the same people. */
export const FEW_GROUPS = 10;
export const MANY_GROUPS = 1_000;
const SMALL_GROUPS_PEOPLE = FEW_GROUPS * FEW_MEMBERS;
const MAKE_AT_ONCE = 16;

type Cast = {
  readonly people: readonly Person[];
  readonly large: Readonly<Record<Size, Group>>;
  readonly small: readonly Group[];
};

export type Act = { readonly stage: Stage; readonly large: Readonly<Record<Size, Fan>> };

export type Scene = {
  readonly product: Act & { readonly few: readonly Fan[]; readonly many: readonly Fan[] };
  readonly limit: Act;
  end(): Promise<void>;
};

function makeCast(): Cast {
  const people = Array.from({ length: Math.max(...SIZES) }, (_, index) => new Person(`user${index}`));
  const first = (count: number) => people.slice(0, count) as [Person, ...Person[]]; // a count above 0
  return {
    people,
    large: { 200: makeGroup('all200', first(200)), 1000: makeGroup('all1000', first(1_000)) },
    small: Array.from({ length: MANY_GROUPS }, (_, index) => makeGroup(`some${index}`, fewOf(people, index))),
  };
}

/** FEW_MEMBERS of the first SMALL_GROUPS_PEOPLE, others for each index. Every FEW_MEMBERS-th of the first of them share nobody. */
function fewOf(people: readonly Person[], index: number): [Person, ...Person[]] {
  const stride = 1 + Math.floor(index / SMALL_GROUPS_PEOPLE);
  const at = (place: number) => people[(index + place * stride) % SMALL_GROUPS_PEOPLE] as Person; // within the people
  return [at(0), ...Array.from({ length: FEW_MEMBERS - 1 }, (_, place) => at(place + 1))];
}

export async function openScene(place: Place, start: StartOptions): Promise<Scene> {
  const { people, large, small } = makeCast();
  const server = await place.start(start);
  const relay = await startRelay();
  await signUpAll(server.url, people);
  const door = (index: number): string => server.urls[index % server.urls.length] ?? server.url;
  const hall = await Hall.open(people, (person, index) => connect(door(index), person));
  await makeAll(hall, [...Object.values(large), ...small]);
  const relayHall = await Hall.open(people, ({ address }) => Wire.open(`${relay.url}/member/${address}`));
  const largeAt = (at: Hall) => ({ 200: at.fan(large[200]), 1000: at.fan(large[1_000]) });
  const many = small.map((group) => hall.fan(group));
  return {
    product: {
      stage: { subject: server, hall, generator: 'generator', counts: true },
      large: largeAt(hall),
      few: many.filter((_, index) => index % FEW_MEMBERS === 0).slice(0, FEW_GROUPS),
      many,
    },
    limit: {
      stage: { subject: relay, hall: relayHall, generator: 'relayGenerator', counts: false },
      large: largeAt(relayHall),
    },
    async end() {
      hall.close();
      relayHall.close();
      await server.end();
      await relay.end();
    },
  };
}

async function makeAll(hall: Hall, groups: readonly Group[]): Promise<void> {
  const waiting = groups.values();
  const work = async (): Promise<void> => {
    for (const group of waiting) await hall.make(group);
  };
  await Promise.all(Array.from({ length: MAKE_AT_ONCE }, work));
}

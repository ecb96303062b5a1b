// What people do in a model-based run in groups, as fast-check makes it: before it is known who is where. Whom a command means is decided when
// it is its turn, so that most of them do something.
import fc from 'fast-check';
import type { Standing } from './group-model.ts';

export const USERS = 8;
const GROUPS = 5;

/** The n-th of those to whom it applies; where there is nobody, of all. */
export type Pick = { readonly nth: number; readonly of: 'admins' | 'members' | 'strangers' | 'all' };

type In = { readonly by: Pick; readonly group: number };

export type Act =
  | (In & { readonly do: 'create'; readonly open: boolean; readonly whom: readonly Pick[] })
  | (In & { readonly do: 'join' | 'leave' | 'delete' })
  | (In & { readonly do: 'add'; readonly whom: readonly Pick[] })
  | (In & { readonly do: 'remove'; readonly whom: Pick })
  | (In & { readonly do: 'admin'; readonly whom: Pick; readonly role: 'admin' | 'member' })
  /** To `group`, and to `also` in the same act. */
  | (In & { readonly do: 'send'; readonly also: readonly number[]; readonly texts: number })
  | { readonly do: 'away'; readonly by: Pick }
  | { readonly do: 'back'; readonly by: Pick }
  | { readonly do: 'fault'; readonly nth: number };

/** One of `all`, which has at least one. */
export function pickFrom(all: readonly string[], standing: Standing | undefined, { nth, of }: Pick): string {
  const applies = all.filter((address) => {
    const role = standing?.deleted === false ? standing.members.get(address) : undefined;
    return of === 'all' || (of === 'admins' ? role === 'admin' : of === 'members' ? role !== undefined : !role);
  });
  const some = applies.length > 0 ? applies : all;
  const one = some[nth % some.length];
  if (one === undefined) throw new Error('There is nobody.');
  return one;
}

/** Whether it is worth doing: most of what nobody may do is left to few. */
export function makesSense(act: Act, standing: Standing | undefined): boolean {
  const exists = standing !== undefined && !standing.deleted;
  switch (act.do) {
    case 'create':
      return !exists || act.by.nth % 4 === 0;
    case 'join':
      return !exists || standing.policy === 'open' || act.by.nth % 4 === 0;
    case 'away':
    case 'back':
    case 'fault':
      return true;
    default:
      return exists || act.by.nth % 16 === 0;
  }
}

const nth = fc.nat(63);
const of = (...some: Pick['of'][]): fc.Arbitrary<Pick> => fc.record({ nth, of: fc.constantFrom(...some) });
/** The first two are there from the beginning: most of it is done in them. */
const group = fc.oneof({ weight: 3, arbitrary: fc.nat(1) }, { weight: 2, arbitrary: fc.nat(GROUPS - 1) });
const admin = of('admins', 'admins', 'admins', 'admins', 'admins', 'admins', 'members', 'all');
const member = of('members', 'members', 'members', 'members', 'members', 'members', 'members', 'all');
const stranger = of('strangers', 'strangers', 'strangers', 'all');
const role = fc.constantFrom('admin', 'admin', 'member');

/** A new group with so many others in it, at least. */
export const creationOf = (others: number) =>
  fc.record({
    ...{ do: fc.constant('create' as const), by: of('all'), group, open: fc.boolean() },
    whom: fc.array(of('all'), { minLength: others, maxLength: 5, size: 'max' }),
  });
const creation = creationOf(0);

/** `faults`: how many things may happen to the server. */
export function actsOf(faults: number): fc.Arbitrary<Act> {
  const weighted = <T extends Act>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
  const simple = <T extends 'join' | 'leave' | 'delete'>(what: T, by: fc.Arbitrary<Pick>) =>
    fc.record({ do: fc.constant(what), by, group });
  return fc.oneof(
    weighted(5, creation),
    weighted(4, simple('join', stranger)),
    weighted(3, simple('leave', member)),
    weighted(1, simple('delete', admin)),
    weighted(
      6,
      fc.record({
        ...{ do: fc.constant('add' as const), by: admin, group },
        whom: fc.array(stranger, { minLength: 1, maxLength: 3 }),
      }),
    ),
    weighted(5, fc.record({ do: fc.constant('remove' as const), by: admin, group, whom: member })),
    weighted(6, fc.record({ do: fc.constant('admin' as const), by: admin, group, whom: member, role })),
    weighted(
      20,
      fc.record({
        ...{ do: fc.constant('send' as const), by: member, group, texts: fc.integer({ min: 1, max: 3 }) },
        also: fc.oneof(
          { weight: 4, arbitrary: fc.constant([]) },
          { weight: 1, arbitrary: fc.array(group, { maxLength: 2 }) },
        ),
      }),
    ),
    weighted(3, fc.record({ do: fc.constant('away' as const), by: of('all') })),
    weighted(4, fc.record({ do: fc.constant('back' as const), by: of('all') })),
    ...(faults === 0 ? [] : [weighted(2, fc.record({ do: fc.constant('fault' as const), nth }))]),
  );
}

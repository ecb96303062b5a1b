// A connection to MongoDB that ends at a chosen operation, as if the process had crashed there: before the operation reached the server,
// or after, when its answer was lost.
import { Unavailable } from '#protocol/errors.ts';
import type { Collections } from '#runtime/store/mongo.ts';

export type Fault = { readonly operation: number; readonly answerLost: boolean };

/** What the stores call. */
const OPERATIONS: ReadonlySet<string | symbol> = new Set([
  'bulkWrite',
  'deleteOne',
  'findOne',
  'insertMany',
  'insertOne',
  'replaceOne',
  'updateOne',
]);

type Around = (operation: () => Promise<unknown>, name: string) => Promise<unknown>;

/** `mongo`, of which operation number `fault.operation` (from 1) and all later ones fail. */
export function failing(mongo: Collections, fault: Fault): Collections {
  let done = 0;
  return around(mongo, async (operation) => {
    done += 1;
    if (done === fault.operation && fault.answerLost) await operation();
    if (done >= fault.operation) throw new Unavailable('crashed here');
    return operation();
  });
}

/** `mongo`, with something that happens before the first operation of that name. */
export function before(mongo: Collections, name: string, happens: () => Promise<unknown>): Collections {
  let happened = false;
  return around(mongo, async (operation, its) => {
    if (its === name && !happened) {
      happened = true;
      await happens();
    }
    return operation();
  });
}

function around(mongo: Collections, wrap: Around): Collections {
  const collection: Collections['collection'] = (name) =>
    new Proxy(mongo.collection(name), {
      get(target, property) {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== 'function') return value;
        const bound = value.bind(target) as (...given: unknown[]) => Promise<unknown>; // those of OPERATIONS return promises
        return OPERATIONS.has(property)
          ? (...given: unknown[]) => wrap(() => bound(...given), String(property))
          : bound;
      },
    }) as ReturnType<Collections['collection']> as never; // of the type that the caller asked `mongo` for
  return { collection };
}

/** Runs `run` with a fault at its first operation, its second and so on, in both ways, until it comes through. */
export async function everyFault(run: (fault: Fault) => Promise<'crashed' | 'done'>): Promise<void> {
  for (const answerLost of [false, true]) {
    for (let operation = 1; (await run({ operation, answerLost })) === 'crashed'; operation += 1);
  }
}

/** Whether what is attempted crashes there. */
export async function crashes(attempted: Promise<unknown>): Promise<'crashed' | 'done'> {
  try {
    await attempted;
    return 'done';
  } catch (error) {
    if (error instanceof Unavailable) return 'crashed';
    throw error;
  }
}

// Many receiving sessions at once: what `idle` and `reconnect` need.
import { type Device, openSession, Person } from './people.ts';
import { Wire } from './wire.ts';

export type Seat = { readonly person: Person; readonly device: Device };

/** People with so many devices each, and a seat for each device. */
export function makeSeats(people: number, devicesEach: number): { readonly people: Person[]; readonly seats: Seat[] } {
  const all = Array.from({ length: people }, (_, index) => new Person(`user${index}`, devicesEach));
  return { people: all, seats: all.flatMap((person) => person.devices.map((device) => ({ person, device }))) };
}

/** Connects, opens the session, awaits `synced`. */
async function takeSeat(url: string, { person, device }: Seat): Promise<Wire> {
  const wire = await Wire.open(url);
  const synced = new Promise<void>((resolve) => {
    wire.onFrame = ({ type }) => {
      if (type === 'synced') resolve();
    };
  });
  await openSession(wire, person, device);
  await synced;
  return wire;
}

/** Takes all seats, at most `atOnce` of them at a time. */
export async function takeSeats(url: string, seats: readonly Seat[], atOnce: number): Promise<Wire[]> {
  const wires: Wire[] = [];
  const waiting = seats.values();
  const work = async (): Promise<void> => {
    for (const seat of waiting) wires.push(await takeSeat(url, seat));
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return wires;
}

// What tests of groups share: a gap that ends when the test says so, and what people are told.
import { encodeBase64 } from '#protocol/base64.ts';
import { GAP_WAIT_MS } from '#protocol/limits.ts';
import type { GroupRecord } from '../profile/profile.ts';
import { AL } from './at-double.ts';
import type { Stored } from './lies.ts';
import type { People, Person } from './people.ts';
import type { ServerDouble } from './server-double.ts';
import { FakeTime } from './wires.ts';

export const TEAM = 'team@localhost';

/** What somebody's profile has of a group. Throws if that is nothing. */
export async function recordOf({ client }: Person, name = TEAM): Promise<GroupRecord> {
  const record = await client.groups.find(name);
  if (record === undefined) throw new Error(`${name} is not known`);
  return record;
}

/** Who is in the team as far as somebody knows: name and role. */
export const membersOf = async ({ client }: Person): Promise<string[]> =>
  (await client.groups.members(TEAM)).map(({ address, role }) => `${address.split('@')[0]} ${role}`);

/** What a mailbox may hold that is no news to anybody. */
export const NOTHING: Stored = {
  type: 'notice',
  notice: { kind: 'stale', conversation: encodeBase64(new Uint8Array(36)), by: AL },
};

/** Entries that the server does not hand to this person's device from now on, as they come; `server.lies.hand` deleted, they can be given. */
export function heldEntries({ lies }: ServerDouble, { client }: Person): Stored[] {
  const held: Stored[] = [];
  lies.hand = (item, device) => {
    if (item.type !== 'entries' || device !== client.account.device) return [item];
    held.push(item);
    return [];
  };
  return held;
}

/** The same device again, in whose sessions nothing is waited for as long as a gap is: `pass` says that it was. */
export async function reopenedAfterGaps(people: People, { platform }: Person): Promise<{ back: Person; pass(): void }> {
  const time = new FakeTime();
  const after = (ms: number, run: () => void) => (ms === GAP_WAIT_MS ? time : platform.timers).after(ms, run);
  const back = await people.reopen({ platform: { ...platform, timers: { after } } });
  return { back, pass: () => time.pass(GAP_WAIT_MS) };
}

/** What somebody was told of groups: change and subject, or change and who did it. */
export const told = (person: Person): string[] =>
  person.of('membership').map(({ change, by, subject }) => `${change} ${subject ?? by}`.replaceAll('@localhost', ''));

export const tells = (person: Person, ...lines: string[]): Promise<void> =>
  person.until(() => lines.every((line) => told(person).includes(line)));

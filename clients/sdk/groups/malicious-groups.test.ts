import { beforeEach, describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { RequestError } from '#protocol/errors.ts';
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import {
  type Actor,
  encodeGroupEntry,
  encodeSignedGroupEntry,
  type GroupEntry,
  type Subject,
} from '#protocol/group-entry.ts';
import { nextGroupEntry, replayGroupLog } from '#protocol/group-log.ts';
import { encodeMembership, type GroupState, membershipHash } from '#protocol/group-state.ts';
import { signLabelled } from '../crypto/sign.ts';

import { verifyWhole } from '../pins.ts';
import { AL, type AtDouble, atDouble, BO, CY } from '../test/at-double.ts';
import { groupStateOf } from '../test/group-double.ts';
import { NOTHING, recordOf, reopenedAfterGaps, TEAM, tells, told } from '../test/groups.ts';
import type { Stored } from '../test/lies.ts';
import type { Person } from '../test/people.ts';

const unsigned: SignedGroupEntryText = { entry: '', signature: '' };

let server: AtDouble['server'];
let people: AtDouble['people'];
let al: Person;
let bo: Person;
let cy: Person;

beforeEach(async () => {
  ({ server, people, al, bo, cy } = await atDouble(['al', 'bo', 'cy']));
});

/** What somebody was shown of a server's doings. */
const shown = (person: Person) => person.of('group').map(({ change, reason }) => `${change}: ${reason}`);

const shows = (person: Person, what: RegExp) => person.until(() => shown(person).some((line) => what.test(line)));

/** An admin of the team whose account log bo, a member, has not seen yet. */
async function adminWhoseLogIsUnseen(): Promise<Person> {
  const di = await people.signUp('di');
  await di.online();
  await al.client.groups.create(TEAM, { members: ['di@localhost'] });
  await al.client.groups.setRole(TEAM, 'di@localhost', 'admin');
  await al.client.groups.add(TEAM, [BO]);
  await tells(bo, 'add bo');
  return di;
}

const membersOf = async (person: Person) => [...(await recordOf(person)).state.members.keys()].sort();

function subjectOf({ client: { account } }: Person): Subject {
  return { address: account.address, identity: account.identity };
}

function actorOf(person: Person): Actor {
  const { address, device } = person.client.account;
  const { position } = verifyWhole(server.accounts.log(address), address);
  return { ...subjectOf(person), device: decodeBase64(device), position };
}

/** An entry that this person's device signed, whatever it says. */
function signedBy({ client: { account } }: Person, entry: GroupEntry): SignedGroupEntryText {
  const bytes = encodeGroupEntry(entry);
  return encodeSignedGroupEntry({ entry: bytes, signature: signLabelled('entry', bytes, account.signSeed) });
}

const stateNow = (): GroupState => groupStateOf(server.groups.of(TEAM).log);

function push(person: Person, ...entries: SignedGroupEntryText[]): void {
  const { name, group } = server.groups.of(TEAM);
  server.give(person.client.account.device, { type: 'entries', name, group, number: 1, entries, receivedAt: 0 });
}

/** A closed group of al, who is its admin, and bo. */
async function team(): Promise<void> {
  await al.client.groups.create(TEAM, { members: [BO] });
  await tells(bo, 'add bo');
}

describe('a server that lies about who is in a group', () => {
  it('cannot put a ghost into what a newcomer begins with', async () => {
    server.lies.groupState = (answer) => {
      const { policy, members, refused } = stateNow();
      const ghost = { ...subjectOf(cy), role: 'member' } as const;
      const state = encodeBase64(encodeMembership({ policy, members: new Map([...members, [CY, ghost]]), refused }));
      return { ...answer, state };
    };
    await al.client.groups.create(TEAM, { members: [BO] });
    await shows(bo, /refused_log: .*does not state that membership/);
    expect(await bo.client.groups.known()).toEqual([]);
  });

  it('cannot have a member who is no admin state another membership', async () => {
    await al.client.groups.create(TEAM, { members: [CY] });
    const state = stateNow();
    const members = new Map([...state.members, [BO, { ...subjectOf(bo), role: 'member' } as const]]);
    const membership = { ...state, members };
    const { index, head } = state.position;
    const entry = signedBy(cy, {
      ...{ group: state.group, index: index + 1, previous: head, actor: actorOf(cy), time: 1 },
      ...{ change: { type: 'add', subject: subjectOf(bo) }, state: membershipHash(membership) },
    });
    const { group, log } = server.groups.of(TEAM);
    server.groups.shown = () => server.groups.of(TEAM);
    server.groups.state = () => {
      const [create = entry] = log;
      return { group, create, entry, index: index + 1, state: encodeBase64(encodeMembership(membership)), length: 3 };
    };
    push(bo, entry);
    await shows(bo, /refused_log: .*its author was no admin/);
    expect(await bo.client.groups.known()).toEqual([]);
  });

  it('cannot add a ghost with an entry that no device signed, pushed or in the log; it is shown once', async () => {
    await team();
    const ghost = nextGroupEntry(stateNow(), actorOf(al), { type: 'add', subject: subjectOf(cy) }, 1);
    const forged = { ...signedBy(cy, ghost) };
    server.lies.groupLog = (_, log) => [...log, forged];
    push(bo, forged);
    push(bo, forged);
    await shows(bo, /refused_log: .*did not sign it/);
    delete server.lies.groupLog;
    await al.client.groups.setRole(TEAM, BO, 'admin');
    await tells(bo, 'admin bo');
    expect(await membersOf(bo)).toEqual([AL, BO]);
    expect(shown(bo)).toHaveLength(1);
  });

  it('cannot have somebody do what is not theirs to do', async () => {
    await team();
    await al.client.groups.add(TEAM, [CY]);
    await tells(bo, 'add cy');
    const { group, position } = stateNow();
    const entry = signedBy(cy, {
      ...{ group, index: position.index + 1, previous: position.head, actor: actorOf(cy), time: 1 },
      ...{ change: { type: 'remove', subject: subjectOf(bo) }, state: new Uint8Array(32) },
    });
    push(bo, entry);
    await shows(bo, /refused_log: .*not_an_admin/);
    expect(await membersOf(bo)).toEqual([AL, BO, CY]);
  });

  it('cannot hide a removal and show what comes after it', async () => {
    await team();
    await al.client.groups.add(TEAM, [CY]);
    await tells(bo, 'add cy');
    const before = server.groups.of(TEAM).log.length;
    const device = bo.client.account.device;
    server.lies.groupLog = (_, log, asker) => (asker === BO ? log.slice(0, before) : log);
    server.lies.hand = (item, to) =>
      to === device && item.type === 'entries' && item.number === before + 1 ? [NOTHING] : [item];
    await al.client.groups.remove(TEAM, CY);
    await al.client.groups.setRole(TEAM, BO, 'admin');
    await shows(bo, /refused_log: .*entry 4 of the group, but not all before it/);
    expect(await membersOf(bo)).toEqual([AL, BO, CY]);
    expect(told(bo)).toEqual(['add bo', 'add cy']);

    server.lies.groupLog = (_, log) => log;
    await al.client.groups.setRole(TEAM, BO, 'member');
    await bo.until(() => told(bo).length === 5);
    expect(told(bo)).toEqual(['add bo', 'add cy', 'remove cy', 'admin bo', 'admin bo']);
  });

  it('cannot tell a device of its own what nobody signed, in the place of what it has looked up', async () => {
    await team();
    const second = await people.logIn('bo');
    await second.online();
    expect(await membersOf(second)).toEqual([AL, BO]);
    const { group, position } = stateNow();
    const next = { group, previous: position.head, actor: actorOf(al), time: 1, state: new Uint8Array(32) };
    const forged = (index: number) =>
      signedBy(cy, { ...next, index, change: { type: 'remove', subject: subjectOf(bo) } });
    push(second, forged(position.index + 1), forged(position.index));
    await shows(second, /refused_log: .*do not follow each other/);
    push(second, forged(position.index + 1), forged(position.index + 2));
    await shows(second, /refused_log: .*did not sign it/);
    await al.client.groups.setRole(TEAM, BO, 'admin');
    await tells(second, 'admin bo');
    expect(told(second)).toEqual(['admin bo']);
  });

  it('cannot begin a newcomer at another entry than the one that it hands on', async () => {
    await team();
    await al.client.groups.remove(TEAM, BO);
    await tells(bo, 'remove bo');
    await al.client.groups.add(TEAM, [BO]);
    const late = await people.logIn('bo');
    const { log } = server.groups.of(TEAM);
    const [create = unsigned, first = unsigned, , again = unsigned] = log;
    server.lies.groupList = () => ({ groups: [], more: false });
    const state = encodeBase64(encodeMembership(stateNow()));
    server.groups.state = ({ group }) => ({ group, create, entry: again, index: 3, state, length: 4 });
    await late.online();
    push(late, create, first);
    await shows(late, /refused_log: .*another beginning of the group/);
    expect(await late.client.groups.known()).toEqual([]);
  });

  it('cannot make an act stand on an older log than is known', async () => {
    await team();
    await al.client.groups.setRole(TEAM, BO, 'admin');
    await tells(bo, 'admin bo');
    let refusals = 1;
    server.lies.refuseEntries = () => (refusals-- > 0 ? 'stale_group' : undefined);
    server.lies.groupLog = (_, log) => log.slice(0, 2);
    await bo.client.groups.add(TEAM, [CY]);
    await shows(bo, /refused_log: .*older log/);
    expect(stateNow().position.index).toBe(3);
  });

  it('gains nothing by replaying and reordering', async () => {
    await team();
    const device = bo.client.account.device;
    const items: Stored[] = [];
    server.lies.hand = (item, to) => {
      if (to !== device || item.type !== 'entries') return [item];
      items.push(item);
      return items.length === 1 ? [NOTHING] : [...items].reverse().concat(items);
    };
    await al.client.groups.add(TEAM, [CY]);
    await al.client.groups.setRole(TEAM, CY, 'admin');
    await tells(bo, 'admin cy');
    delete server.lies.hand;
    await al.client.groups.setRole(TEAM, CY, 'member');
    await bo.until(() => told(bo).length === 4);
    expect(told(bo)).toEqual(['add bo', 'add cy', 'admin cy', 'admin cy']);
    expect(shown(bo)).toEqual([]);
  });

  it('cannot have an admin whose account it says is gone let in a ghost, who confirms it', async () => {
    const di = await adminWhoseLogIsUnseen();
    // Nobody signed it.
    const ghost = nextGroupEntry(stateNow(), actorOf(di), { type: 'add', subject: subjectOf(cy) }, 1);
    const forged = { ...signedBy(cy, ghost), signature: encodeBase64(new Uint8Array(64)) };
    const after = replayGroupLog([encodeGroupEntry(ghost)], stateNow());
    const anchor = signedBy(cy, nextGroupEntry(after, actorOf(cy), { type: 'anchor' }, 1));
    server.lies.log = (address, log) => {
      if (address === 'di@localhost') throw new RequestError('unknown_user');
      return log;
    };
    server.lies.groupLog = (_, log) => [...log, forged, anchor];
    push(bo, forged, anchor);
    await al.say(BO, 'afterwards');
    await bo.until(() => bo.texts.includes('afterwards'));
    expect(await membersOf(bo)).toEqual([AL, BO, 'di@localhost']);
    expect(told(bo)).toEqual(['add bo']);
    // Nor does what never counted stand in the way of what does.
    delete server.lies.log;
    delete server.lies.groupLog;
    await al.client.groups.setRole(TEAM, BO, 'admin');
    await tells(bo, 'admin bo');
    expect(shown(bo)).toEqual([]);
  });

  it('cannot have what nobody signed taken for a fork by whoever fetches the log', async () => {
    const di = await adminWhoseLogIsUnseen();
    const ghost = nextGroupEntry(stateNow(), actorOf(di), { type: 'add', subject: subjectOf(cy) }, 1);
    server.lies.log = () => {
      throw new RequestError('unknown_user');
    };
    push(bo, signedBy(cy, ghost));
    await al.client.send([BO], ['afterwards']);
    await bo.until(() => bo.texts.includes('afterwards'));
    expect((await recordOf(bo)).suspended).toHaveLength(1);
    delete server.lies.log;
    const device = bo.client.account.device;
    server.lies.hand = (item, to) => (item.type === 'entries' && to === device ? [NOTHING] : [item]);
    await al.client.groups.setRole(TEAM, BO, 'admin');
    delete server.lies.hand;
    await al.client.groups.setRole(TEAM, BO, 'member');
    await bo.until(() => told(bo).length === 3);
    expect(shown(bo)).toEqual([]);
  });

  it.each(['closed', 'open'] as const)(
    'cannot begin a new device of a member of a closed group with a state that no admin stated, and that says it is %s',
    async (policy) => {
      await team();
      const state = { ...stateNow(), policy };
      const ghost = { ...subjectOf(cy), role: 'member' } as const;
      const membership = { ...state, members: new Map([...state.members, [CY, ghost]]) };
      const entry = signedBy(cy, {
        ...{ group: state.group, index: 64, previous: state.position.head, actor: actorOf(cy), time: 1 },
        ...{ change: { type: 'anchor' }, state: membershipHash(membership) },
      });
      const { group, log } = server.groups.of(TEAM);
      const [create = entry] = log;
      const second = await people.logIn('bo');
      server.groups.page = (_, __, after) => ({ group, entries: after === 64 ? [entry] : [create], length: 5_000 });
      server.groups.state = () => {
        return { group, create, entry, index: 64, state: encodeBase64(encodeMembership(membership)), length: 5_000 };
      };
      await second.online();
      expect(await second.client.groups.find(TEAM)).toBeUndefined();
    },
  );

  it('that lists groups which somebody is not in teaches them nothing', async () => {
    await al.client.groups.create(TEAM, { open: true });
    const { group } = server.groups.of(TEAM);
    server.lies.groupList = () => ({ groups: [{ name: TEAM, group, policy: 'closed', members: 1 }], more: false });
    const second = await people.logIn('bo');
    await second.online();
    expect(await second.client.groups.find(TEAM)).toBeUndefined();
  });
});

describe('a server that shows two histories of a group', () => {
  /** Two entries that al signed on one head; the log has the second. */
  async function twoEntries(): Promise<SignedGroupEntryText> {
    await team();
    const other = nextGroupEntry(stateNow(), actorOf(al), { type: 'add', subject: subjectOf(cy) }, 1);
    return signedBy(al, other);
  }

  it('has nothing sent to it any more, once somebody is shown both', async () => {
    const other = await twoEntries();
    const device = bo.client.account.device;
    server.lies.hand = (item, to) =>
      to === device && item.type === 'entries' ? [{ ...item, entries: [other] }] : [item];
    await al.client.groups.setRole(TEAM, BO, 'admin');
    await tells(bo, 'add cy');
    expect(await membersOf(bo)).toEqual([AL, BO, CY]);

    delete server.lies.hand;
    await al.client.groups.setRole(TEAM, BO, 'member');
    await shows(bo, /^forked: There are two entries 2/);
    // What was known stays, and nothing is added to it.
    expect(await membersOf(bo)).toEqual([AL, BO, CY]);
    expect((await recordOf(bo)).state.position.index).toBe(2);
    await expect(bo.client.groups.leave(TEAM)).rejects.toMatchObject({ reason: 'group_forked' });
    await bo.client.close();
    const back = await people.reopen(bo);
    await back.online();
    await al.client.groups.setRole(TEAM, BO, 'admin');
    await expect(back.client.groups.leave(TEAM)).rejects.toMatchObject({ reason: 'group_forked' });
    expect([...shown(bo), ...shown(back)]).toHaveLength(1);
  });

  it('is found out where it pushes another entry in the place of a known one', async () => {
    const other = await twoEntries();
    await al.client.groups.setRole(TEAM, BO, 'admin');
    await tells(bo, 'admin bo');
    push(bo, other);
    await shows(bo, /^forked: There are two entries 2/);
    await expect(bo.client.groups.add(TEAM, [CY])).rejects.toThrow('two histories');
  });

  it('is not believed where the other one is not good', async () => {
    const other = await twoEntries();
    await al.client.groups.setRole(TEAM, BO, 'admin');
    await tells(bo, 'admin bo');
    push(bo, { ...other, signature: encodeBase64(new Uint8Array(64)) });
    await shows(bo, /^refused_log: .*did not sign it/);
    expect((await recordOf(bo)).forked).toBeUndefined();
  });
});

describe('a name that is used again', () => {
  it('is another group, in a conversation of its own, and said to be one', async () => {
    await team();
    const first = await recordOf(bo);
    server.groups.forget(TEAM);
    await cy.client.groups.create(TEAM, { open: true, members: [BO] });
    await shows(bo, /^other_group: What you knew as #team@localhost stays in #team@localhost\./);
    await bo.until(() => told(bo).length === 2);
    const second = await recordOf(bo);
    expect(second.conversation).toMatch(/^#team@localhost\/[0-9a-f]{8}$/);
    expect(bo.of('membership').at(-1)).toMatchObject({ conversation: second.conversation, change: 'add', by: CY });
    expect(await bo.client.groups.known()).toEqual([first, second]);
    expect(await membersOf(bo)).toEqual([BO, CY]);
    // Its first members find that the server has another one under the name.
    await al.client.close();
    const { back, pass } = await reopenedAfterGaps(people, al);
    await back.online();
    await back.until(() => back.of('synced').length > 0);
    await expect(back.client.groups.add(TEAM, [CY])).rejects.toMatchObject({ reason: 'group_ended' });
    pass();
    await shows(back, /^other_group: The server shows another group under this name\./);
  });
});

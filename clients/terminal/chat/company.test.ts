import { beforeEach, describe, expect, it } from 'vitest';
import { Company } from './company.ts';

const [AL, BO, CY, DI, TEAM] = ['al@localhost', 'bo@localhost', 'cy@localhost', 'di@elsewhere', '#team@localhost'];

describe('the company of a chat', () => {
  let said: string[] = [];
  let watched: string[][] = [];
  let open: string | undefined;
  let elapsed = 0;
  let members: string[] = [];
  let contacts: { address: string; blocked: boolean }[] = [];

  function begin(): Company {
    const client = {
      account: { address: AL, domain: 'localhost' },
      contacts: async () => contacts,
      groups: {
        known: async () => [{ conversation: TEAM, state: { members: new Map(members.map((one) => [one, {}])) } }],
      },
      presence: {
        watch: (addresses: string[]) => watched.push(addresses.sort()),
        of: (address: string) =>
          ({ [BO]: { online: true }, [CY]: { online: false, lastSeen: 0 }, [DI]: { online: false } })[address],
      },
    };
    return new Company({
      client,
      output: { say: (text) => said.push(text) },
      open: () => open,
      now: () => 0,
      elapsed: () => elapsed,
    });
  }

  beforeEach(() => {
    said = [];
    watched = [];
    open = undefined;
    members = [AL, BO, CY];
    contacts = [AL, BO, DI].map((address) => ({ address, blocked: false }));
  });

  it('is asked for once: who is known, and the members of the open group; of nobody who is blocked', async () => {
    const company = begin();
    await company.look();
    await company.look();
    open = TEAM;
    company.change();
    await company.look();
    contacts = contacts.map((pin) => ({ ...pin, blocked: pin.address === DI }));
    company.change();
    await company.look();
    expect(watched).toEqual([
      [BO, DI],
      [BO, CY, DI],
      [BO, CY],
    ]);
    company.met(CY);
    company.met(AL);
    await company.look();
    expect(watched).toHaveLength(3);
  });

  it('is told of when it comes and goes, where its conversation is open', async () => {
    const company = begin();
    open = TEAM;
    await company.look();
    company.hear({ address: BO, online: true });
    company.hear({ address: BO, online: true });
    company.hear({ address: DI, online: true });
    expect(said).toEqual([]);
    company.hear({ address: BO, online: false });
    company.hear({ address: DI, online: false });
    company.hear({ address: BO, online: true });
    expect(said).toEqual(['  bo is offline.', '  bo is online.']);
  });

  it('is no news when all come back with the server', async () => {
    const company = begin();
    open = BO;
    await company.look();
    company.hearLink('online');
    company.hear({ address: BO, online: true });
    company.hearLink('reconnecting');
    company.hearLink('online');
    company.hear({ address: BO, online: false });
    company.hear({ address: BO, online: true });
    expect(said).toEqual([]);
    elapsed += 10_000;
    company.hear({ address: BO, online: false });
    expect(said).toEqual(['  bo is offline.']);
  });

  it('of a large group is not told of each time', async () => {
    const company = begin();
    open = TEAM;
    members = [AL, BO, ...Array.from({ length: 50 }, (_, index) => `m${index}@localhost`)];
    await company.look();
    company.hear({ address: BO, online: true });
    company.hear({ address: BO, online: false });
    expect(said).toEqual([]);
  });

  it('is described by what is known of each', () => {
    const company = begin();
    expect([BO, CY, DI, AL].map((one) => company.presenceOf(one).join())).toEqual([
      ...['online', expect.stringMatching(/^last seen \d\d:\d\d$/), 'offline', ''],
    ]);
  });
});

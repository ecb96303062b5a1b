// What a profile is as a whole: its password, its session numbers, its pins, its files.
import { expect, test } from 'vitest';
import { BO, CHEAP, exampleAccount, exampleChain, PASSWORD, random } from './example.fixture.ts';
import { createProfile, openProfile } from './open.ts';
import { type ProfileOn, printed, texts } from './profile-on.fixture.ts';

export function accountContract({ deps, newPlace, ends, start }: ProfileOn): void {
  test('the account is found again, with the same keys, under its password in either normal form', async () => {
    const { account, again } = await start();
    const opened = await again(PASSWORD.normalize('NFD'));
    expect(await opened.account.get()).toEqual({ ...account, passwordVersionSeen: 0, passwordChanged: false });
  });

  test('a wrong password, a missing profile and a second one are said as what they are', async () => {
    const { place, again } = await start();
    await expect(again('wrong')).rejects.toMatchObject({ problem: 'wrong_password' });
    const second = createProfile(deps(place), exampleAccount(), PASSWORD, CHEAP);
    await expect(second).rejects.toMatchObject({ problem: 'exists' });
    const empty = newPlace();
    await expect(openProfile(deps(empty), PASSWORD)).rejects.toMatchObject({ problem: 'missing' });
    empty.remove();
  });

  test('a password changed elsewhere is asked for until the key is wrapped under it; then the old one opens nothing', async () => {
    const { profile, again } = await start();
    await profile.account.sawPasswordVersion(1);
    expect((await (await again()).account.get()).passwordChanged).toBe(true);
    await profile.account.rewrap('the new one', 1);
    expect((await (await again('the new one')).account.get()).passwordChanged).toBe(false);
    await expect(again()).rejects.toMatchObject({ problem: 'wrong_password' });
  });

  test('what is told of reading is remembered, for every process', async () => {
    const { profile, again } = await start();
    expect((await profile.account.get()).receipts).toBeUndefined();
    for (const receipts of [false, true]) {
      await profile.account.setReceipts(receipts);
      expect((await (await again()).account.get()).receipts).toBe(receipts);
    }
  });

  test('whether others may see this device is remembered, for every process', async () => {
    const { profile, again } = await start();
    expect((await profile.account.get()).visible).toBeUndefined();
    for (const visible of [false, true]) {
      await profile.account.setVisible(visible);
      expect((await (await again()).account.get()).visible).toBe(visible);
    }
  });

  test('an own device is called what it said last, whatever comes late', async () => {
    const { profile, account, again } = await start();
    await profile.account.nameThisDevice('here');
    await profile.account.toldName(['a', 'b']);
    await profile.account.nameDevice('a', 'second', 2);
    await profile.account.nameDevice('a', 'first', 1);
    const own = { [account.device]: { name: 'here', seq: 0 } };
    const named = { ...own, a: { name: 'second', seq: 2 } };
    expect(await (await again()).account.get()).toMatchObject({ deviceNames: named, nameTold: ['a', 'b'] });
    await profile.account.nameThisDevice('elsewhere');
    expect(await profile.account.get()).toMatchObject({
      deviceNames: { ...named, [account.device]: { name: 'elsewhere', seq: 0 } },
      nameTold: [],
    });
  });

  test('session numbers rise and are never given twice to two users of one profile', async () => {
    const { profile, again } = await start();
    const both = [profile, await again()];
    const given = await Promise.all(both.flatMap((one) => [1, 2, 3].map(() => one.account.nextSessionNumber())));
    expect(given.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('pins change in one transaction with their events; a change that throws changes nothing', async () => {
    const { profile } = await start();
    const pin = { address: BO, identity: random(32), log: [], firstSeen: {}, verified: false, blocked: false };
    const event = { type: 'identity', address: BO, change: 'changed', at: 5 } as const;
    await profile.pins.update(BO, () => ({ pin, events: [event] }));
    const throwing = profile.pins.update(BO, () => {
      throw new Error('no');
    });
    await expect(throwing).rejects.toThrow('no');
    await profile.pins.update(BO, (known) => known && { pin: { ...known, verified: true } });
    expect(await profile.pins.get(BO)).toEqual({ ...pin, verified: true });
    expect(await profile.pins.list()).toHaveLength(1);
    expect(await printed(profile)).toEqual([{ number: 1, ...event }]);
  });

  test('only one user of the profile may receive, until it stops', async () => {
    const { profile, again } = await start();
    const other = await again();
    const held = await profile.tryReceiverLock();
    expect(await other.tryReceiverLock()).toBeUndefined();
    held?.release();
    expect(await other.tryReceiverLock()).toBeDefined();
  });

  test('records exchanged for one another, or changed, are refused', async () => {
    const { place, profile } = await start();
    await profile.receiving.commitReceived({ messages: exampleChain(2) });
    const storage = place.open();
    ends.push(() => storage.close());
    await storage.write(async (tx) => {
      const [one, two] = await tx.range(6, {});
      if (!one || !two) throw new Error('history is elsewhere');
      await tx.put(6, one.key, two.value);
      await tx.put(6, two.key, one.value);
    });
    await expect(texts(profile)).rejects.toMatchObject({ problem: 'corrupt' });
  });

  test('after erase there is no profile, and a new one can be made', async () => {
    const { place, profile } = await start();
    await profile.erase();
    const anew = await createProfile(deps(place), exampleAccount(), PASSWORD, CHEAP);
    expect(await anew.sending.outboxSize()).toBe(0);
    await anew.close();
  });
}

// Several devices of one account, and the end of a device and of an account, by the terminal client.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeInBothModes } from '../modes.fixture.ts';
import type { Terminal } from './terminal.ts';
import { refused, SEVERAL_COMMANDS_MS, TerminalWorld, texts } from './terminal-world.ts';

const FRESH = 'seven otters at dusk';

describeInBothModes((start) => {
  const world = TerminalWorld.forTheseTests(start);

  describe('a second device', () => {
    it(
      'signs in with the password alone, is listed, follows a change of the password, and is revoked',
      async () => {
        const { al, bo } = await world.two();
        const phone = world.terminal(`${al.name}-phone`);
        expect(
          await phone.run(['login', al.address], { environment: { PARLEY_PASSWORD: 'not the right one' } }),
        ).toMatchObject(refused(/Wrong name or password \(\d+ tries left\)/));
        expect(await phone.run(['login', al.address])).toMatchObject({ status: 0 });
        await bo.run(['send', al.name, 'to both']);
        for (const device of [al, phone])
          expect(texts((await device.run(['listen', '--json', '--count', '1'])).records)).toEqual(['to both']);

        const changed = await phone.run(['password'], { environment: { PARLEY_NEW_PASSWORD: FRESH } });
        expect(changed).toMatchObject({ status: 0 });
        // The other device has to hear of it, and then asks for the new one.
        expect((await al.run(['devices', '--json'])).records).toMatchObject([
          { thisDevice: true, lastUsedAt: expect.any(String) },
          { thisDevice: false, lastUsedAt: expect.any(String) },
        ]);
        expect(await al.run(['devices'])).toMatchObject(refused(/changed on another device[\s\S]*PARLEY_NEW_PASSWORD/));
        const adopting = { environment: { PARLEY_NEW_PASSWORD: FRESH } };
        const [, other] = (await al.run(['devices', '--json'], adopting)).records;
        expect(await al.run(['devices'])).toMatchObject(refused(/Wrong password for this profile/));

        const fresh = { environment: { PARLEY_PASSWORD: FRESH } };
        const listener = phone.start(['listen', '--json'], fresh);
        await bo.run(['send', al.name, 'the phone is on']);
        await listener.until(({ lines }) => texts(lines.map((line) => JSON.parse(line))).length === 1);
        expect(await al.run(['revoke', String(other?.device).slice(0, 8)], fresh)).toMatchObject({ status: 0 });
        expect(await listener.end()).toMatchObject(refused(/revoked\. The account's signed log .* erased\.\n$/));
        expect(await readdir(phone.directory)).toEqual([]);
        expect((await al.run(['devices', '--json'], fresh)).records[1]).toMatchObject({
          revokedAt: expect.any(String),
        });
        expect(await al.run(['revoke', 'zzzzzz'], fresh)).toMatchObject(refused(/no device/));
      },
      SEVERAL_COMMANDS_MS,
    );

    it(
      'is listed by its name on the others, as they are there, and by nobody else',
      async () => {
        const { al, bo } = await world.two();
        const phone = world.terminal(`${al.name}-phone`);
        const tooLong = await phone.run(['login', al.address, '--device-name', 'x'.repeat(65)]);
        expect(tooLong).toMatchObject(refused(/1 to 64 characters/, 2));
        expect(await phone.run(['login', al.address, '--device-name', 'Phone \u202e🥗'])).toMatchObject({ status: 0 });
        await phone.run(['send', bo.name, 'hello']);
        await al.run(['unread']);
        await phone.run(['unread']);
        const listed = async (device: Terminal) =>
          (await device.run(['devices', '--json'])).records.map(({ name }) => name);
        expect([await listed(al), await listed(phone)]).toEqual(Array(2).fill(['laptop', 'Phone \u202e🥗']));
        expect((await al.run(['devices'])).lines[1]).toContain('“Phone <U+202E>🥗” since');
        expect((await al.run(['rename', 'Laptop at work'])).stdout).toBe(
          'Your devices call this one “Laptop at work”.',
        );
        await al.run(['unread']);
        await phone.run(['unread']);
        expect(await listed(phone)).toEqual(['Laptop at work', 'Phone \u202e🥗']);
        expect((await bo.run(['listen', '--json', '--count', '1'])).records.map(({ type }) => type)).toEqual([
          'message',
        ]);
        expect((await al.run(['history', al.name])).lines).toEqual([]);
        expect((await al.run(['unread'])).stdout).toBe('Nothing is unread.');
      },
      SEVERAL_COMMANDS_MS,
    );

    it(
      'leaves nothing behind when it signs out, and the account stays',
      async () => {
        const { al } = await world.two();
        expect(existsSync(join(al.directory, 'profile.db'))).toBe(true);
        expect(await al.run(['signout'])).toMatchObject(refused(/the only device of \S+.*history is erased.*--yes/, 2));
        expect(await al.run(['unread'])).toMatchObject({ status: 0 });
        expect(await al.run(['signout', '--yes'])).toMatchObject({ status: 0 });
        expect(await readdir(al.directory)).toEqual([]);
        expect(await al.run(['unread'])).toMatchObject(refused(/no profile in \S+ yet.*signup/));
        expect(await al.run(['login', al.address])).toMatchObject({ status: 0 });
        expect(await al.run(['deleteaccount'])).toMatchObject(refused(/--yes/, 2));
        expect(await al.run(['deleteaccount', '--yes'])).toMatchObject({ status: 0 });
        expect(await al.run(['signup', al.address])).toMatchObject(refused(/name is taken/));
      },
      SEVERAL_COMMANDS_MS,
    );
  });
});

// How the sessions of a device end. A real server process.
import { beforeEach, describe, expect, test } from 'vitest';
import { CLOSE } from '#protocol/close-codes.ts';
import { Wire } from '../wire.fixture.ts';
import { Device, WirePerson } from '../wire-person.fixture.ts';
import { openDoor } from './door.fixture.ts';

const door = openDoor();
let al: WirePerson;

beforeEach(async () => {
  al = await door.person();
});

describe('the end of a device', () => {
  test('by revocation closes all its sessions with 4203, and lets it open none', async () => {
    const second = new Device();
    const wire = await al.session(door.url);
    const enrol = al.enrolEntry(second);
    await wire.ok({ type: 'log.append', address: al.address, entry: enrol });
    al.keep(enrol);
    expect(await wire.take('log')).toMatchObject({ address: al.address, length: 2 });
    const receiving = await al.session(door.url, { device: second });
    const sending = await al.session(door.url, { device: second, receive: false });
    const revoke = al.revokeEntry(second);
    await wire.ok({ type: 'log.append', address: al.address, entry: revoke });
    al.keep(revoke);
    expect(await receiving.closed).toEqual(CLOSE.revoked);
    expect(await sending.closed).toEqual(CLOSE.revoked);
    const again = await Wire.open(door.url);
    expect(await again.refusal({ type: 'session', ...al.sessionFields(again, { device: second }) })).toBe(
      'device_revoked',
    );
    const log = { type: 'log.get', address: al.address, after: 1 } as const;
    expect(await again.ok(log)).toMatchObject({ length: 3, entries: [enrol, revoke] }); // which proves it
    const bo = await door.person();
    expect(await again.refusal({ ...log, address: bo.address })).toBe('not_signed_in');
    const stranger = await Wire.open(door.url);
    const forged = al.sessionFields(stranger, { device: second, signer: bo.device });
    expect(await stranger.refusal({ type: 'session', ...forged })).toBe('bad_signature');
    expect(await stranger.refusal(log)).toBe('not_signed_in');
    await stranger.close();
    await wire.ok({ type: 'ping' });
    const own = al.revokeEntry(al.device);
    await wire.ok({ type: 'log.append', address: al.address, entry: own });
    expect(await wire.closed).toEqual(CLOSE.revoked);
    await again.close();
  });

  test('by deletion of the account answers first, then closes with 4204; the name stays taken', async () => {
    const receiving = await al.session(door.url);
    const sending = await al.session(door.url, { receive: false });
    await receiving.ok({ type: 'account.delete', ...al.deletion() });
    expect(await receiving.closed).toEqual(CLOSE.accountDeleted);
    expect(await sending.closed).toEqual(CLOSE.accountDeleted);
    const wire = await Wire.open(door.url);
    expect(await wire.refusal({ type: 'session', ...al.sessionFields(wire) })).toBe('unknown_user');
    await expect(new WirePerson(al.address).signUpFields(wire)).rejects.toThrow('name_taken');
    await wire.close();
  });
});

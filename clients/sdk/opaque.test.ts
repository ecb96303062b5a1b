import * as server from '@serenity-kit/opaque';
import { beforeAll, describe, expect, it } from 'vitest';
import { login, type PasswordContext, registration, STRETCHING_CHEAP } from './opaque.ts';

const address = 'al@localhost';
const identifiers = { client: address, server: 'localhost' };
let setup: string;
let context: PasswordContext;

beforeAll(async () => {
  await server.ready;
  setup = server.server.createSetup();
  context = { address, serverKey: server.server.getPublicKey(setup), stretching: STRETCHING_CHEAP };
});

async function register(password: string, by = context) {
  const attempt = await registration(password, by);
  const { registrationResponse } = server.server.createRegistrationResponse({
    serverSetup: setup,
    userIdentifier: 'u',
    registrationRequest: attempt.request,
  });
  return attempt.finish(registrationResponse);
}

async function signIn(password: string, record: string, by = context) {
  const attempt = await login(password, by);
  const started = server.server.startLogin({
    serverSetup: setup,
    userIdentifier: 'u',
    registrationRecord: record,
    startLoginRequest: attempt.request,
    identifiers,
  });
  const result = attempt.finish(started.loginResponse);
  server.server.finishLogin({
    serverLoginState: started.serverLoginState,
    finishLoginRequest: result.finish,
    identifiers,
  });
  return result;
}

describe('the client half of OPAQUE', () => {
  it('signs in with the password it registered, in either Unicode form, and gets the same export key', async () => {
    const { record, exportKey } = await register('Möwen im Nebel');
    expect(exportKey).toHaveLength(64);
    expect((await signIn('Mo\u0308wen im Nebel', record)).exportKey).toEqual(exportKey);
  });

  it('tells a wrong password', async () => {
    const { record } = await register('lantern quarry');
    await expect(signIn('lantern query', record)).rejects.toMatchObject({ reason: 'wrong_password' });
  });

  it('refuses a server that proves another key than the pinned one', async () => {
    const other = { ...context, serverKey: server.server.getPublicKey(server.server.createSetup()) };
    await expect(register('lantern quarry', other)).rejects.toMatchObject({ reason: 'server_key_changed' });
    const { record } = await register('lantern quarry');
    await expect(signIn('lantern quarry', record, other)).rejects.toMatchObject({ reason: 'server_key_changed' });
  });

  it('takes the address and the domain into the proof', async () => {
    const { record } = await register('lantern quarry');
    await expect(signIn('lantern quarry', record, { ...context, address: 'bo@localhost' })).rejects.toThrow();
  });

  it('survives an answer that is no OPAQUE message', async () => {
    const attempt = await login('lantern quarry', context);
    expect(() => attempt.finish('AAAA')).toThrow('cannot be read');
    expect(() => attempt.finish('')).toThrow('cannot be read');
  });
});

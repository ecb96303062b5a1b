// From `npm run invite` to an account, in both modes: who has a code signs up, once, whatever happens meanwhile.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readInvitation } from '../services/auth/invitation-code.ts';
import { keepInvitationKey } from '../services/auth/invitation-key.ts';
import type { Deployment } from '../test/deployment.fixture.ts';
import { HAS_PSEUDO_TERMINAL, PseudoTerminal } from '../test/e2e/pseudo-terminal.ts';
import { Terminal } from '../test/e2e/terminal.ts';
import { type Environment, runToEnd } from '../test/listening.fixture.ts';
import { ServerProcess } from '../test/server.fixture.ts';
import { describeOnAll } from '../test/services.fixture.ts';
import { StackProcesses } from '../test/stack.fixture.ts';
import { type AnswerFrame, Wire } from '../test/wire.fixture.ts';
import { WirePerson } from '../test/wire-person.fixture.ts';

const ROOT = join(import.meta.dirname, '..');
const INVITE = join(import.meta.dirname, 'invite.ts');
/** A test starts several processes, and a stack that starts again is eight. */
const SEVERAL_PROCESSES_MS = 240_000;
const KEY = randomBytes(32).toString('base64url');
const BY_INVITATION = ['--sign-up', 'invitation', '--rate-factor', '100'];

const folder = mkdtempSync(join(tmpdir(), 'parley-invite-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Whatever a .env of this folder says of a domain. */
const invite = (args: readonly string[], environment: Environment = {}) =>
  runToEnd([INVITE, ...args], { PARLEY_DOMAIN: '', ...environment });

/** `invitations`: so many, made as its operator does. */
type Mode = {
  start(): Promise<Deployment>;
  invitations(server: Deployment, count: number): Promise<readonly string[]>;
};

async function codesOf(args: readonly string[], environment?: Environment): Promise<readonly string[]> {
  const { status, stdout, stderr } = await invite(args, environment);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trimEnd().split('\n');
}

function invited({ start, invitations }: Mode): void {
  let server: Deployment;
  let profiles: string;
  let names = 0;
  beforeAll(async () => {
    profiles = mkdtempSync(join(folder, 'profiles-'));
    server = await start();
  });
  afterAll(() => server?.remove());

  /** Somebody whose sign-up lacks nothing but its finish, at the n-th door. */
  async function somebody(door = 0) {
    names += 1;
    const person = new WirePerson(`p${names}@localhost`);
    const wire = await Wire.open(server.urls[door % server.urls.length] ?? server.url);
    return { wire, fields: await person.signUpFields(wire) };
  }
  /** As a client does, on a new connection where the old one is gone, and again while a service is on its way. */
  const finish = async (who: Awaited<ReturnType<typeof somebody>>, invitation: string): Promise<AnswerFrame> => {
    if (who.wire.websocket.readyState !== who.wire.websocket.OPEN) who.wire = await Wire.open(server.url);
    const answer = await who.wire.request({ type: 'signup.finish', ...who.fields, invitation });
    return answer.type === 'error' && answer.retry ? finish(who, invitation) : answer;
  };

  test(
    'whoever was given a code signs up with it, typed in capitals, and nobody after them',
    async () => {
      const [code = ''] = await invitations(server, 1);
      const al = new Terminal(join(profiles, 'al'), server.url);
      const bo = new Terminal(join(profiles, 'bo'), server.url);
      expect(await al.run(['signup', 'al@localhost', '--invitation', code.toUpperCase()])).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(/^al@localhost is yours/),
      });
      for (const [typed, sentence] of [
        [code, /This invitation was used already; each serves for one account\. Ask for another\./],
        [code.slice(0, -1), /This is no invitation of this server\. Compare it with what you were given/],
      ] as const) {
        const ended = await bo.run(['signup', 'bo@localhost', '--invitation', typed]);
        expect(ended).toMatchObject({ status: 1, stderr: expect.stringMatching(sentence) });
      }
    },
    SEVERAL_PROCESSES_MS,
  );

  test(
    'of two who bring one code at once, at two doors, one signs up',
    async () => {
      for (const code of await invitations(server, 5)) {
        const two = await Promise.all([somebody(0), somebody(1)]);
        const answers = await Promise.all(two.map((who) => finish(who, code)));
        const refused = answers.filter((answer) => answer.type === 'error');
        expect(refused).toMatchObject([
          { code: 'invitation_required', message: expect.stringMatching(/used already/) },
        ]);
        for (const { wire } of two) await wire.close();
      }
    },
    SEVERAL_PROCESSES_MS,
  );

  test(
    'a crash while somebody signs up spends the code on them alone',
    async () => {
      const [unanswered, answered, bo] = [await somebody(), await somebody(1), await somebody()];
      const [first = '', second = ''] = await invitations(server, 2);
      expect(await finish(answered, second)).toMatchObject({ type: 'ok' });
      const { wire, fields } = unanswered;
      wire.send({ type: 'signup.finish', id: wire.nextId(), ...fields, invitation: first });
      await server.kill();
      await Promise.all([unanswered, answered, bo].map((who) => who.wire.closed));
      await server.restart();
      expect(await finish(unanswered, first)).toMatchObject({ type: 'ok' });
      expect(await finish(answered, second)).toMatchObject({ type: 'ok' });
      for (const code of [first, second]) {
        expect(await finish(bo, code)).toMatchObject({ type: 'error', code: 'invitation_required' });
      }
      for (const who of [unanswered, answered, bo]) await who.wire.close();
    },
    SEVERAL_PROCESSES_MS,
  );
}

describe('embedded', () => {
  invited({
    start: () => ServerProcess.start(BY_INVITATION),
    invitations: (server, count) => codesOf(['--data', (server as ServerProcess).data, '--count', String(count)]), // as it was started above
  });
});

describeOnAll('distributed', (urls) => {
  invited({
    start: () => StackProcesses.start(urls, [...BY_INVITATION, '--invitation-key', KEY]),
    invitations: (_, count) => codesOf(['--count', String(count)], { PARLEY_INVITATION_KEY: KEY }),
  });
});

describe('npm run invite', () => {
  let server: ServerProcess | undefined;
  afterEach(async () => {
    await server?.remove();
    server = undefined;
  });

  test('prints so many codes, each another, and nothing else to a script', async () => {
    const codes = await codesOf(['--count', '300'], { PARLEY_INVITATION_KEY: KEY });
    expect(new Set(codes).size).toBe(300);
    for (const code of codes) expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){7}[0-9a-hjkmnp-tv-z]{4}$/);
  });

  test.skipIf(!HAS_PSEUDO_TERMINAL)('tells a person what to pass on', async () => {
    const options = '--domain chat.example.org --server wss://chat.example.org --days 2';
    const env = { ...process.env, PARLEY_INVITATION_KEY: KEY };
    const { status, shown } = await new PseudoTerminal(`${process.execPath} operating/invite.ts ${options}`, {
      cwd: ROOT,
      env,
    }).end();
    expect(status).toBe(0);
    expect(shown.slice(1)).toEqual([
      '',
      expect.stringMatching(
        /^It lets one person sign up until \d{4}-\d\d-\d\d \d\d:\d\d UTC, with a name of their choice:$/,
      ),
      `  npm run -s parley -- signup YOURNAME@chat.example.org --server wss://chat.example.org --invitation ${shown[0]}`,
    ]);
  });

  test('makes codes for the domain of the data folder, whatever its server is called', async () => {
    server = await ServerProcess.start(['--sign-up', 'invitation', '--domain', 'chat.example.org']);
    expect(server.stdout).toContain(`npm run -s invite -- --data ${server.data}\n`);
    expect(server.stdout).toContain(' --invitation CODE\n');
    const [invitation = ''] = await codesOf(['--data', server.data], { PARLEY_INVITATION_KEY: KEY });
    const wire = await Wire.open(server.url);
    const fields = await new WirePerson('al@chat.example.org').signUpFields(wire);
    expect(await wire.request({ type: 'signup.finish', ...fields, invitation })).toMatchObject({ type: 'ok' });
    await wire.close();
  });

  test('takes key and domain from the .env of the folder where it runs, unless a data folder is named', async () => {
    const stack = join(folder, 'stack');
    mkdirSync(stack);
    writeFileSync(join(stack, '.env'), `PARLEY_INVITATION_KEY=${KEY}\nPARLEY_DOMAIN=chat.example.org\n`);
    const run = (...args: string[]) => execFileSync(process.execPath, [INVITE, ...args], { cwd: stack }).toString();
    const signedBy = (secret: Uint8Array, code: string) =>
      readInvitation({ domain: 'chat.example.org', secret }, code) !== undefined;
    expect(signedBy(Buffer.from(KEY, 'base64url'), run().trim())).toBe(true);
    const { secret } = keepInvitationKey(stack, 'chat.example.org');
    expect(signedBy(secret, run('--data', '.').trim())).toBe(true);
  });

  test('a new key makes void what was given out', async () => {
    const codes = await codesOf([], { PARLEY_INVITATION_KEY: KEY });
    const another = randomBytes(32).toString('base64');
    server = await ServerProcess.start(['--sign-up', 'invitation', '--invitation-key', another]);
    const wire = await Wire.open(server.url);
    const fields = await new WirePerson('al@localhost').signUpFields(wire);
    expect(await wire.request({ type: 'signup.finish', ...fields, invitation: codes[0] ?? '' })).toMatchObject({
      code: 'invitation_required',
      message: expect.stringMatching(/no invitation of this server/),
    });
    await wire.close();
  });

  test.each([
    ['an unknown option', ['--codes', '3'], /unknown option '--codes'.*--help/],
    ['no codes at all', ['--count', '0'], /setting count .* whole number from 1 to 1000/],
    ['no day', ['--days', '0.5'], /setting days .* whole number from 1 to 365/],
    ['a server that is no address', ['--server', 'chat.example.org'], /setting server .* as in wss:/],
    [
      'a folder without a key',
      ['--data', join(folder, 'nowhere')],
      /has no key of invitations: start its server once with --sign-up invitation/,
    ],
    ['a key that is none', ['--invitation-key', 'secret'], /invitationKey must be 32 random bytes in Base64/],
  ])('says so in a sentence, with status 2: %s', async (_, args, sentence) => {
    const { status, stdout, stderr } = await invite(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('says so in a sentence, with status 1, when the key is damaged', async () => {
    writeFileSync(join(folder, 'invitation.key'), 'x');
    const { status, stdout, stderr } = await invite(['--data', folder]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^The key of invitations in \S+ is damaged\. Restore it from a backup; [^\n]*\n$/);
  });
});

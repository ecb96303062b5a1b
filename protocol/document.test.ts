// PROTOCOL.md is what somebody with another language works from: this holds its examples to the frame schemas and the golden
// vectors, and its tables to the constants, so that neither can change without the other.
import { readFileSync } from 'node:fs';
import { client, ready, server } from '@serenity-kit/opaque';
import { describe, expect, it } from 'vitest';
import { decodeAccountEntry, decodeSignedEntry } from './account-entry.ts';
import { verifyAccountLog } from './account-log.ts';
import { decodeConversation } from './address.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { fromHex, toHex } from './bytes.ts';
import { afterClose, CLOSE } from './close-codes.ts';
import { decodeHeader } from './envelope.ts';
import { ERROR_CODES } from './errors.ts';
import { type ClientFrame, type ClientFrameOf, clientFrame, type RequestType } from './frames/client.ts';
import { answers, type NoticeBody, serverFrame } from './frames/server.ts';
import { H, type HashLabel, type SignLabel } from './hash.ts';
import * as limits from './limits.ts';
import { verifySession } from './session.ts';
import { accountLog, groupLog, opaqueVector, suite1, vaults } from './test/vectors.ts';

const DOCUMENT = readFileSync(new URL('../PROTOCOL.md', import.meta.url), 'utf8');

/** Every line of every example is one frame. */
const examples = [...DOCUMENT.matchAll(/^```json\n([\s\S]*?)^```$/gm)].flatMap(([, block]) =>
  (block ?? '')
    .trim()
    .split('\n')
    .map((line) => ({ line, frame: JSON.parse(line) as Record<string, unknown> })),
);
const CLIENT_TYPES = clientFrame.options.map((option) => option.shape.type.value);
const SERVER_TYPES = serverFrame.options.map((option) => option.shape.type.value);
/** `typing` is a frame of both; only a server says from whom. */
const isFromServer = ({ frame }: (typeof examples)[number]): boolean =>
  SERVER_TYPES.some((type) => type === frame.type) && (frame.type !== 'typing' || 'from' in frame);
const fromServer = examples.filter(isFromServer);
const fromClient = examples.filter((one) => !isFromServer(one) && CLIENT_TYPES.some((type) => type === one.frame.type));

/** The example of a client's frame of this type. */
function clientExample<T extends ClientFrame['type']>(type: T): ClientFrameOf<T> {
  const found = fromClient.find(({ frame }) => frame.type === type)?.frame;
  const parsed = clientFrame.parse(found);
  if (parsed.type !== type) throw new Error(`The example of ${type} is a ${parsed.type}.`);
  return parsed as ClientFrameOf<T>; // its type is T
}

function serverExample(type: string): Record<string, unknown> {
  const found = fromServer.find(({ frame }) => frame.type === type)?.frame;
  if (found === undefined) throw new Error(`There is no example of ${type}.`);
  return found;
}

/** The cells of the table in the section with these words, without its head and without backticks. */
function table(heading: string): string[][] {
  const section = DOCUMENT.split(/^## /m).find((part) => part.includes(heading));
  const rows = (section ?? '').split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

const text = (base64url: string): Uint8Array => new Uint8Array(Buffer.from(base64url, 'base64url'));

describe('the examples of PROTOCOL.md', () => {
  it('are frames, each of one side', () => {
    expect(examples.length).toBeGreaterThan(30);
    expect(fromClient.length + fromServer.length).toBe(examples.length);
  });

  it.each(fromClient)('parse as sent by a client: $frame.type', ({ frame, line }) => {
    expect(clientFrame.parse(frame)).toEqual(frame);
    expect(line).toBe(JSON.stringify(frame));
  });

  it.each(fromServer)('parse as sent by a server, with no field that the schema lacks: $frame.type', ({ frame }) => {
    const parsed = serverFrame.parse(frame);
    if (parsed.type !== 'ok') return expect(parsed).toEqual(frame);
    const request = fromClient.find((example) => example.frame.id === parsed.re)?.frame.type as RequestType; // the table below says all
    expect({ type: 'ok', re: parsed.re, ...answers[request].parse(frame) }).toEqual(frame);
  });

  it('show every frame of both directions, every kind of notice, and an answer to every request', () => {
    const shown = new Set(examples.map(({ frame }) => frame.type));
    expect([...CLIENT_TYPES, ...SERVER_TYPES].filter((type) => !shown.has(type))).toEqual([]);
    const kinds = fromServer.flatMap(({ frame }) =>
      frame.type === 'notice' ? [(frame.notice as NoticeBody).kind] : [],
    );
    expect(kinds.sort()).toEqual([
      ...['delivered', 'expired', 'group.counted', 'group.delivered', 'missed', 'refused', 'stale'],
    ]);
    const answered = new Set(fromServer.filter(({ frame }) => frame.type === 'ok').map(({ frame }) => frame.re));
    const unanswered = fromClient.filter(({ frame }) => 'id' in frame && !answered.has(frame.id));
    expect(unanswered.map(({ frame }) => frame.type)).toEqual([]);
    const ids = fromClient.flatMap(({ frame }) => (frame.id === undefined ? [] : [frame.id]));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('send and deliver the first sealed message of the vectors, which opens', () => {
    const sealed = suite1.sealed.find(({ name }) => name === 'direct-first');
    const { header, body, slots } = clientExample('send');
    expect({ header, body, slots }).toEqual(sealed?.envelope);
    expect(serverExample('deliver')).toMatchObject({ header, body, slot: slots[0]?.slot });
    const tag = toHex(decodeBase64(clientExample('ack').tags[0]?.[1] ?? ''));
    expect(tag).toBe(sealed?.slots[0]?.delivered);
    const { conversation, id } = decodeHeader(decodeBase64(header));
    const notice = serverExample('notice').notice as Extract<NoticeBody, { kind: 'delivered' }>;
    expect(decodeConversation('direct', decodeBase64(notice.conversation))).toEqual(conversation);
    expect(decodeBase64(notice.entries[0]?.id ?? '')).toEqual(id);
    expect(notice.entries[0]?.device).toBe(slots[0]?.device);
    expect(toHex(decodeBase64(notice.entries[0]?.tag ?? ''))).toBe(tag);
  });

  it('sign the challenge that they show', () => {
    const challenge = serverExample('challenge');
    const { address, device, number, nonce, signature } = clientExample('session');
    const phone = accountLog.entries[0];
    const claim = {
      domain: String(challenge.domain),
      serverKey: text(String(challenge.serverKey)),
      serverNonce: decodeBase64(String(challenge.nonce)),
      clientNonce: decodeBase64(nonce),
      address,
      device: decodeBase64(device),
      number,
    };
    const key = phone?.type === 'device' ? fromHex(phone.ed25519) : new Uint8Array();
    expect(verifySession(claim, key, decodeBase64(signature))).toBe(true);
  });

  it('show an account log that verifies, entry by entry', () => {
    const got = serverFrame.parse(fromServer.find(({ frame }) => frame.re === clientExample('log.get').id)?.frame);
    const { entries } = answers['log.get'].parse(got);
    const log = [clientExample('signup.finish').entry, clientExample('log.append').entry, ...entries];
    const { address } = clientExample('log.get');
    expect(verifyAccountLog(log.map(decodeSignedEntry), address).position.index).toBe(3);
  });

  it('write and show the golden group log, and send and deliver the golden message of a group', () => {
    const log = groupLog.entries.map(({ signed }) => signed);
    const answerTo = (type: ClientFrame['type']) => {
      const { id } = clientExample(type) as { id: number }; // a request
      return fromServer.find(({ frame }) => frame.re === id)?.frame;
    };
    expect(clientExample('group.append').entries).toEqual(log.slice(0, 2));
    expect(answerTo('group.get')).toMatchObject({ entries: [log[2]] });
    const [create, add] = log;
    const membership = groupLog.entries[1]?.membership ?? '';
    expect(answerTo('group.state')).toMatchObject({ create, entry: add, state: encodeBase64(fromHex(membership)) });
    expect(serverExample('entries')).toMatchObject({ entries: [log[2]], number: 3 });
    const sealed = suite1.sealed.find(({ name }) => name === 'group-first');
    const sends = fromClient.filter(({ frame }) => frame.type === 'send' && 'group' in frame);
    expect(sends).toMatchObject([{ frame: sealed?.envelope }]);
    const delivered = fromServer.filter(({ frame }) => frame.type === 'deliver' && 'group' in frame);
    expect(delivered).toMatchObject([{ frame: { body: sealed?.envelope.body } }]);
  });

  it('name record and vault of a password change by hash', () => {
    const { record, vault, entry } = clientExample('password.finish');
    const { change } = decodeAccountEntry(decodeSignedEntry(entry).entry);
    expect(change).toMatchObject({ record: H(text(record)), vault: H(decodeBase64(vault)) });
  });

  it('register and prove the password of opaque.json, and carry a vault of vault.json', () => {
    const { registration, login } = opaqueVector;
    expect(clientExample('signup.start').request).toBe(registration.request);
    expect(clientExample('signup.finish').record).toBe(registration.record);
    expect(clientExample('login.start').request).toBe(login.request);
    expect(clientExample('login.finish').finish).toBe(login.finish);
    expect(toHex(decodeBase64(clientExample('signup.finish').vault))).toBe(vaults.vaults[0]?.vault);
  });
});

describe('OPAQUE as PROTOCOL.md names it', () => {
  it('gives the finish and the export key of opaque.json, and the server takes them', async () => {
    await ready;
    const { client: address, server: domain, password, serverKey, login, registration } = opaqueVector;
    const identifiers = { client: address, server: domain };
    const result = client.finishLogin({
      password,
      loginResponse: login.response,
      clientLoginState: login.clientState,
      identifiers,
      keyStretching: { 'argon2id-custom': { memory: 65_536, iterations: 3, parallelism: 4 } },
    });
    expect(result).toMatchObject({ finishLoginRequest: login.finish, serverStaticPublicKey: serverKey });
    expect(toHex(text(result?.exportKey ?? ''))).toBe(login.exportKey);
    expect(registration.exportKey).toBe(login.exportKey);
    const finish = { serverLoginState: login.serverState, finishLoginRequest: login.finish, identifiers };
    expect(() => server.finishLogin(finish)).not.toThrow();
    const sizes = [
      registration.request,
      registration.response,
      registration.record,
      login.request,
      login.response,
      login.finish,
    ];
    expect(sizes.map((value) => text(value).length)).toEqual([32, 64, 192, 96, 320, 64]);
  });
});

describe('the tables of PROTOCOL.md', () => {
  it('list every request with the fields of its answer', () => {
    const fields = Object.entries(answers).map(([type, { shape }]) => [
      type,
      Object.entries(shape)
        .map(([name, schema]) => name + (schema.safeParse(undefined).success ? '?' : ''))
        .join(', '),
    ]);
    expect(table('| request | needs |').map(([type, , further]) => [type, further])).toEqual(fields);
  });

  it('list every error code and whether to retry', () => {
    const codes = Object.entries(ERROR_CODES).map(([code, { retry }]) => [code, retry ? 'yes' : 'no']);
    expect(table('17. Error codes\n').map((row) => row.slice(0, 2))).toEqual(codes);
  });

  it('list every close code with its reason and what its range asks for', () => {
    const rows = table('18. Close codes and reconnecting\n');
    expect(rows.map((row) => row.slice(0, 2))).toEqual(
      Object.values(CLOSE).map(({ code, reason }) => [String(code), reason]),
    );
    for (const [code, , then] of rows) {
      const reconnects = /^connect/.test(then ?? '');
      expect(afterClose(Number(code)) === 'stop', `${code}: ${then}`).toBe(!reconnects);
    }
  });

  it('list every limit with its value', () => {
    const units = new Set(['KIB', 'MIB', 'SECOND_MS', 'MINUTE_MS', 'HOUR_MS', 'DAY_MS']);
    const values = Object.entries(limits).filter(([name, value]) => typeof value === 'number' && !units.has(name));
    const listed = table('16. Limits\n').map(([name, value]) => [name, Number(value?.replaceAll(',', ''))]);
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(values));
  });

  it('list every label of a hash or a signature', () => {
    // The types make these records complete: a label that one of them lacks does not compile.
    const hashes: Record<HashLabel, 'S'> = {
      device: 'S',
      commit: 'S',
      message: 'S',
      received: 'S',
      account: 'S',
      vault: 'S',
      safety: 'S',
      group: 'S',
      entry: 'S',
      state: 'S',
      file: 'S',
    };
    const signatures: Record<SignLabel, 'Sign'> = {
      signature: 'Sign',
      session: 'Sign',
      account: 'Sign',
      'device-entry': 'Sign',
      'account-delete': 'Sign',
      entry: 'Sign',
    };
    const all = [...Object.entries(hashes), ...Object.entries(signatures)].map(([label, use]) => [use, label]);
    expect(table('5. Hashes, keys, signatures\n').map((row) => row.slice(0, 2))).toEqual(all);
  });
});

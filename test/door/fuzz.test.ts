// Every client frame, changed at random: one error with a documented code, or a close with a documented code, and nobody else notices.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLOSE } from '#protocol/close-codes.ts';
import { ERROR_CODES } from '#protocol/errors.ts';
import { clientFrame } from '#protocol/frames/client.ts';
import { ServerProcess } from '../server.fixture.ts';
import { type Asked, Wire } from '../wire.fixture.ts';
import { random64, WirePerson } from '../wire-person.fixture.ts';

const RUNS = 60;
/** Ids of the test's own pings: no mutation makes one. */
const PING_IDS = 2 ** 52;
const CODES: readonly number[] = Object.values(CLOSE).map(({ code }) => code);

let server: ServerProcess;
let witness: Wire;
let al: WirePerson;
let bo: WirePerson;
let wire: Wire | undefined;
let pings = PING_IDS;
const examples = new Map<string, object>();

beforeAll(async () => {
  server = await ServerProcess.start(['--rate-factor', '1000', '--log-level', 'warn']);
  al = await WirePerson.signedUp(server.url, 'al@localhost');
  bo = await WirePerson.signedUp(server.url, 'bo@localhost');
  witness = await bo.session(server.url);
  const { address } = al;
  const entry = al.enrolEntry(al.device);
  const registration = { registration: random64(16), record: 'AAAA', vault: random64(90), entry };
  const asked: Asked[] = [
    { type: 'signup.start', address: 'cy@localhost', request: 'AAAA' },
    { type: 'signup.finish', address: 'cy@localhost', ...registration, invitation: 'welcome' },
    { type: 'login.start', address, request: 'AAAA' },
    { type: 'login.finish', address, login: random64(16), finish: 'AAAA' },
    { type: 'session', ...al.sessionFields(witness) },
    { type: 'log.get', address, after: 0 },
    { type: 'log.append', address, entry },
    { type: 'password.start', request: 'AAAA' },
    { type: 'password.finish', ...registration },
    { type: 'account.delete', signature: random64(64) },
    { type: 'devices.used' },
    { type: 'send', ...al.message(bo), retention: 60_000 },
    { type: 'group.append', name: 'team@localhost', entries: [{ entry: random64(300), signature: random64(64) }] },
    { type: 'group.get', name: 'team@localhost', after: 0 },
    { type: 'group.state', name: 'team@localhost', at: 3 },
    { type: 'group.list', own: false, after: '' },
    { type: 'presence.set', visible: true },
    { type: 'presence.watch', addresses: ['bo@localhost'] },
    { type: 'blob.put', blob: random64(32), size: 70_000, retention: 60_000 },
    { type: 'blob.get', blob: random64(32) },
    { type: 'ping' },
  ];
  for (const frame of asked) examples.set(frame.type, { id: 7, ...frame });
  examples.set('typing', { type: 'typing', to: ['bo@localhost'], group: 'team@localhost' });
  examples.set('ack', { type: 'ack', upTo: 1, tags: [[1, random64(16)]] });
  for (const frame of examples.values()) clientFrame.parse(frame); // each is right before it is changed
});
afterAll(() => server.remove());

/** Frames that are no requests. */
const UNANSWERED: ReadonlySet<string> = new Set(['ack', 'typing']);

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** One change, at the place that `where` (0 to 1) points to in the list of all places. */
type Change = {
  readonly how: 'drop' | 'retype' | 'extend' | 'cut' | 'swap';
  readonly where: number;
  readonly value: Json;
};

const change: fc.Arbitrary<Change> = fc.record({
  how: fc.constantFrom('drop', 'retype', 'extend', 'cut', 'swap'),
  where: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  value: fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
});

/** Every object or list in a value, with the keys of what it holds. */
function places(value: Json, found: [Json[] | { [key: string]: Json }, string][] = []) {
  if (typeof value !== 'object' || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push([value, key]);
    places((value as Record<string, Json>)[key] ?? null, found);
  }
  return found;
}

function changed(frame: object, changes: readonly Change[]): Json {
  const copy: Json = JSON.parse(JSON.stringify(frame));
  for (const { how, where, value } of changes) {
    const all = places(copy);
    const [holder, key] = all[Math.floor(where * all.length)] ?? [];
    if (holder === undefined || key === undefined) continue;
    const at = holder as Record<string, Json>; // lists too are indexed by text
    const old = at[key] ?? null;
    if (how === 'drop') Reflect.deleteProperty(at, key);
    else if (how === 'retype') at[key] = value;
    else if (how === 'extend') at[`${key}x`] = value;
    else if (how === 'cut') at[key] = typeof old === 'string' ? old.slice(0, Math.floor(where * old.length)) : value;
    else at[key] = typeof old === 'string' ? `${old.slice(1)}${old.slice(0, 1)}` : value;
  }
  return copy;
}

async function ping(on: Wire): Promise<void> {
  pings += 1;
  on.send({ type: 'ping', id: pings });
  expect(await on.answer(pings)).toMatchObject({ type: 'ok' });
}

/** The server's verdict on a frame: what it was answered with, or the code of the close. */
async function verdict(on: Wire, frame: Json): Promise<{ answers: string[] } | { closed: number }> {
  const before = on.seen.length;
  on.send(frame);
  const id = typeof frame === 'object' && frame !== null && 'id' in frame ? frame.id : undefined;
  try {
    const parsed = clientFrame.safeParse(frame);
    const answered = !(parsed.success && UNANSWERED.has(parsed.data.type));
    if (answered && typeof id === 'number') await on.answer(id);
    await ping(on);
  } catch {
    return { closed: (await on.closed).code };
  }
  const answers = on.seen.slice(before).flatMap((one) => {
    if (one.type === 'ok' && one.re < PING_IDS) return ['ok'];
    return one.type === 'error' && one.re === id ? [one.code] : [];
  });
  return { answers };
}

async function holds(open: () => Promise<Wire>, frame: Json): Promise<void> {
  if (!wire || wire.websocket.readyState !== wire.websocket.OPEN) wire = await open();
  const parsed = clientFrame.safeParse(frame);
  const result = await verdict(wire, frame);
  if ('closed' in result) {
    expect(CODES).toContain(result.closed);
    const isRequest = parsed.success && !UNANSWERED.has(parsed.data.type);
    expect(isRequest, `closed on ${JSON.stringify(frame)}`).toBe(false);
  } else if (parsed.success && UNANSWERED.has(parsed.data.type)) {
    expect(result.answers).toEqual([]);
  } else {
    expect(result.answers).toHaveLength(1);
    if (!parsed.success) expect(result.answers).toEqual(['bad_request']);
    expect([...Object.keys(ERROR_CODES), 'ok']).toContain(result.answers[0]);
  }
  await ping(witness);
}

describe.each([
  { who: 'in a session', open: () => al.session(server.url) },
  { who: 'before any session', open: () => Wire.open(server.url) },
])('$who', ({ open }) => {
  beforeAll(() => {
    wire = undefined;
  });

  test.each([...clientFrame.options.map((option) => option.shape.type.value)])(
    'a changed %s has one verdict',
    async (type) => {
      const example = examples.get(type);
      if (!example) throw new Error(`There is no example of ${type}.`);
      const frames = fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => changed(example, changes));
      await fc.assert(
        fc.asyncProperty(frames, (frame) => holds(open, frame)),
        { numRuns: RUNS },
      );
      expect(server.alive).toBe(true);
    },
  );

  test('any JSON has one verdict', async () => {
    const frames = fc.jsonValue().map((value) => value as Json);
    await fc.assert(
      fc.asyncProperty(frames, (frame) => holds(open, frame)),
      { numRuns: RUNS },
    );
  });
});

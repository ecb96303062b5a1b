// The promises of DESIGN section 3 against random lives of a mailbox: sends, resends, devices that come and go, lost acks, late reads,
// expiry, revocations, messages to groups and what is told of them, and crashes between any two steps of a turn or of what follows earlier turns, after which the queue hands out
// again what was not settled. What follows a turn overlaps later ones: its relayed notices are handed out and written when they like,
// removals and settling keep the order of the turns.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GROUP_PROOFS_MAX_MEMBERS, KIB } from '#protocol/limits.ts';
import { AL } from './mailbox.fixture.ts';
import { SHORT_MS, STEPS, World } from './mailbox-world.fixture.ts';

/** More reads in a row than any life here needs. */
const READS_MAX = 1_000;
/** Random ones: what fails prints its seed. 13,000 of them have passed. */
const LIVES = 400;
/** A slow machine lives fewer lives. */
const TIME_LIMIT_MS = 20_000;

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      sender: fc.nat(1),
      large: fc.boolean(),
      short: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resend' as const), sender: fc.nat(1) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('post' as const),
      large: fc.boolean(),
      short: fc.boolean(),
      persons: fc.constantFrom(2, GROUP_PROOFS_MAX_MEMBERS + 1),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('tell' as const), counted: fc.boolean() }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('read' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('attach' as const), device: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose' as const), device: fc.nat(2), told: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      device: fc.nat(2),
      count: fc.integer({ min: 1, max: 70 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('ack' as const), device: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('time' as const), ms: fc.constantFrom(100, 500, SHORT_MS) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('sweep' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), at: fc.constantFrom(...STEPS) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('chat' as const), sender: fc.nat(1), acks: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('crash now' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), failed: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('follow' as const), picks: fc.array(fc.nat(20), { maxLength: 8 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('enrol' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('revoke' as const), device: fc.nat(2) }) },
);
type Doing = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Lives that went wrong once. They are lived first. */
const KNOWN: Doing[][] = [
  // A turn stored, and began a new device behind what it stored; only the latter was written, and the numbers were given again.
  [
    { do: 'send', sender: 0, large: false, short: true },
    { do: 'time', ms: 2_000 },
    { do: 'chat', sender: 0, acks: 0 },
    { do: 'follow', picks: [14] },
    { do: 'enrol' },
    { do: 'crash', at: 'half written' },
    { do: 'drop', failed: true },
    { do: 'chat', sender: 0, acks: 0 },
  ],
  // Refused and sent again, 1 and 2 were accepted; of the refused copies only that of 2 was still in the queue at the crash, ahead of both.
  [
    { do: 'send', sender: 1, large: true, short: false },
    { do: 'send', sender: 1, large: true, short: false },
    { do: 'turn' },
    { do: 'attach', device: 0 },
    { do: 'attach', device: 1 },
    { do: 'turn' },
    { do: 'read' },
    { do: 'read' },
    { do: 'turn' },
    { do: 'take', device: 0, count: 70 },
    { do: 'ack', device: 0 },
    { do: 'turn' },
    { do: 'send', sender: 0, large: true, short: false },
    { do: 'turn' },
    { do: 'send', sender: 0, large: false, short: false },
    { do: 'turn' },
    { do: 'take', device: 1, count: 70 },
    { do: 'ack', device: 1 },
    { do: 'turn' },
    { do: 'resend', sender: 0 },
    { do: 'turn' },
    { do: 'follow', picks: [0, 0, 0, 0, 0] },
    { do: 'crash now' },
  ],
  // Both devices took what was stored, which was not removed any more: no cursor rises from then on, only a sweep comes by.
  [
    { do: 'send', sender: 0, large: false, short: false },
    { do: 'turn' },
    { do: 'attach', device: 0 },
    { do: 'attach', device: 1 },
    { do: 'turn' },
    { do: 'read' },
    { do: 'read' },
    { do: 'turn' },
    { do: 'take', device: 0, count: 1 },
    { do: 'ack', device: 0 },
    { do: 'take', device: 1, count: 1 },
    { do: 'ack', device: 1 },
    { do: 'turn' },
    { do: 'crash', at: 'half removed' },
    { do: 'follow', picks: [0, 0, 0] },
  ],
];

async function perform(world: World, doing: Doing): Promise<void> {
  const device = 'device' in doing ? (world.devices[doing.device % world.devices.length] ?? '') : '';
  switch (doing.do) {
    case 'send':
      return world.send(doing.sender, doing.large ? 30 * KIB : 100, doing.short);
    case 'post':
      return world.post(doing.large ? 30 * KIB : 100, doing.short, doing.persons);
    case 'tell':
      return world.tell(doing.counted);
    case 'resend':
      return world.resend(doing.sender);
    case 'turn':
      return world.turn();
    case 'read':
      return world.read();
    case 'attach':
      return world.attach(device);
    case 'lose':
      return world.lose(device, doing.told);
    case 'take':
      return world.take(device, doing.count);
    case 'ack':
      return world.ack(device);
    case 'time':
      world.now += doing.ms;
      return;
    case 'sweep':
      world.pending.push({ command: { type: 'sweep' } });
      return;
    case 'crash':
      world.crashAt = doing.at;
      return;
    case 'chat':
      return chat(world, doing.sender, doing.acks);
    case 'crash now':
      return world.crash();
    case 'drop':
      return world.drop(doing.failed);
    case 'follow':
      for (const pick of doing.picks) await world.follow(pick);
      return;
    case 'enrol':
      return world.account([...world.devices, `a${world.length + 2}`]);
    case 'revoke': {
      const left = world.devices.filter((other, index) => index === 0 || other !== device);
      if (left.length < world.devices.length) world.account(left);
      world.sessions.delete(left.includes(device) ? '' : device);
    }
  }
}

/** All devices come, drain what they can, and take what is sent to them; the first `acks` of them say so, each in a turn of its own. */
async function chat(world: World, sender: number, acks: number): Promise<void> {
  for (const device of world.devices) if (!world.sessions.has(device)) world.attach(device);
  await world.turn();
  for (let reads = 0; reads < 4 && world.reads.length > 0; reads += 1) {
    await world.read();
    await world.turn();
    for (const device of world.devices) {
      world.take(device, 100);
      world.ack(device);
    }
    await world.turn();
  }
  world.send(sender, 100, false);
  await world.turn();
  for (const device of world.devices.slice(0, acks)) {
    world.take(device, 100);
    world.ack(device);
    await world.turn();
  }
}

/**
 * No more faults: what was not accepted is sent again, and every device in use stays until it has everything. The sweep comes by once, for
 * what a crash kept from being removed; what is taken after it leaves without one.
 */
async function settle(world: World): Promise<void> {
  world.crashAt = undefined;
  world.pending.push({ command: { type: 'sweep' } });
  for (const device of world.devices) world.attach(device);
  for (let round = 0; round < 500; round += 1) {
    for (const index of [0, 1]) if (world.senders[index]?.again) world.resend(index);
    await world.turn();
    for (let reads = 0; world.reads.length > 0; reads += 1) {
      if (reads > READS_MAX) throw new Error('it reads for ever');
      await world.read();
      await world.turn();
    }
    for (let pick = 0; await world.follow(pick); pick += 1);
    for (const device of world.devices) {
      world.take(device, 1_000);
      world.ack(device);
    }
    world.now += 100;
    const waits = world.queue.some(({ settled }) => !settled) || world.senders.some(({ outbox }) => outbox.length > 0);
    if (round > 8 && !waits) return;
  }
  expect.fail('it never comes to rest');
}

function check(world: World): void {
  for (const { id, slots } of world.accepted.values()) {
    const { delivered, expired, refused } = world.heard;
    if (refused.has(id)) continue;
    if (!delivered.has(id) && !expired.has(id)) throw new Error(`nobody told the sender what became of ${id}`);
    for (const device of world.devices) {
      if (!(device in slots)) continue;
      const came = world.has.get(device)?.has(id) || world.missed.get(device)?.has(id);
      if (!came) throw new Error(`${id} was accepted and never came to ${device}, nor was it said to be missing`);
    }
  }
  for (const [id, devices] of world.told) {
    for (const device of devices) {
      if (!world.devices.includes(device) || world.knows.get(device)?.has(id)) continue;
      throw new Error(`${device} never heard what became of ${id}`);
    }
  }
  for (const [device, names] of world.has) {
    // A second copy, made by a crash, may outlive the first for a moment when both have expired.
    const late = new Set([...world.late, ...world.refusedPosts, ...(world.missed.get(device) ?? [])]);
    for (const sender of ['b1', 'b2', 'g1']) {
      const inTime = [...names].filter((name) => name.startsWith(sender) && !late.has(name));
      const seqs = inTime.map((name) => Number(name.slice(3)));
      expect(seqs).toEqual(seqs.toSorted((one, other) => one - other));
    }
  }
}

test('whatever happens, an accepted message comes to each device that stays in use, in order, or is said to be missing; and so does what members of a group took', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120, size: 'max' }), async (life) => {
      const world = new World();
      world.account(['a1', 'a2']);
      await world.turn();
      for (const doing of life) await perform(world, doing);
      await settle(world);
      check(world);
      expect((await world.store.load(AL))?.chunks).toEqual([]);
      expect(world.budget.bytes).toBe(0);
    }),
    { examples: KNOWN.map((life) => [life] as [Doing[]]), numRuns: LIVES, interruptAfterTimeLimit: TIME_LIMIT_MS },
  );
});

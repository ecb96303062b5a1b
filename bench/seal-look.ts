// A process that seals as a device in a large group does: once to members to none of whom it ever wrote, then again and again to the same.
// Says how long each took, in ms. Argument: how many devices.
import { encodeIds } from '#protocol/envelope.ts';
import { HASH_BYTES } from '#protocol/hash.ts';
import { openSlot, slotTranscript } from '../clients/sdk/crypto/slot.ts';
import { GroupWriter, slotRecipient } from './group.ts';
import { Person, random } from './people.ts';
import { median } from './statistics.ts';

const WARM_MESSAGES = 25;
const BYTES_PER_MB = 1_000_000;

/** `lost`: devices that could not open their slot of the last message. */
export type SealLook = {
  readonly coldMs: number;
  readonly warmMs: number;
  readonly coldCpuUs: number;
  readonly warmCpuUs: number;
  readonly lost: number;
  readonly rssMb: number;
};

const [count = ''] = process.argv.slice(2);
const sender = new Person('sender');
// Their logs are verified here, as a client has to before it seals to them.
const members = Array.from({ length: Number(count) }, (_, index) => new Person(`member${index}`));
const place = { group: random(HASH_BYTES), position: { index: members.length, head: random(HASH_BYTES) } };
const writer = new GroupWriter(sender, place, members.map(slotRecipient));

function measured() {
  const [start, before] = [performance.now(), process.cpuUsage()];
  const { sealed } = writer.next();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { sealed, ms, cpuUs: user + system };
}

const cold = measured();
const warm = Array.from({ length: WARM_MESSAGES }, measured);
const last = warm.at(-1) ?? cold;
const senderIds = encodeIds(sender.ids());
let lost = 0;
for (const [index, member] of members.entries()) {
  const transcript = slotTranscript(last.sealed.messageHash, senderIds, member.ids());
  try {
    openSlot(last.sealed.slots[index]?.slot ?? random(0), transcript, member.device.boxKeys.with(sender.device.x25519));
  } catch {
    lost += 1;
  }
}
const look: SealLook = {
  coldMs: cold.ms,
  warmMs: median(warm.map(({ ms }) => ms)),
  coldCpuUs: cold.cpuUs,
  warmCpuUs: median(warm.map(({ cpuUs }) => cpuUs)),
  lost,
  rssMb: process.memoryUsage.rss() / BYTES_PER_MB,
};
process.stdout.write(`${JSON.stringify(look)}\n`);

// The world of the golden vectors, as one of its devices knows it: what the tests of sealing and opening stand on.
import { type Conversation, decodeConversation, encodeConversation } from '#protocol/address.ts';
import { fromHex, toHex } from '#protocol/bytes.ts';
import type { DeviceIds, Header } from '#protocol/envelope.ts';
import { type DeviceVector, type RefusedVector, type SealedVector, suite1 } from '#protocol/test/vectors.ts';
import type { OpenWorld, Verdict } from '../open.ts';
import type { PrivatePart } from '../private.ts';
import type { SealInput, SlotRecipient } from '../seal.ts';
import { BoxKeys } from '../slot.ts';

export function device(name: string): DeviceVector {
  const found = suite1.world.devices.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`The vectors have no device ${name}.`);
  return found;
}

export function sealed(name: string): SealedVector {
  const found = suite1.sealed.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`The vectors have no message ${name}.`);
  return found;
}

export function idsOf({ address, identity, id }: DeviceVector): DeviceIds {
  return { address, identity: fromHex(identity), device: fromHex(id) };
}

export function recipient(vector: DeviceVector): SlotRecipient {
  return { ...idsOf(vector), x25519: fromHex(vector.xPublic) };
}

function conversationOf({ kind, conversation }: SealedVector['headerFields']): Conversation {
  return decodeConversation(kind === 1 ? 'direct' : 'group', fromHex(conversation));
}

export function headerOf({ headerFields }: SealedVector): Header {
  return {
    conversation: conversationOf(headerFields),
    epoch: headerFields.epoch,
    head: fromHex(headerFields.head),
    id: fromHex(headerFields.id),
    sender: headerFields.sender,
    device: fromHex(headerFields.device),
    seq: headerFields.seq,
  };
}

/** The vectors give content as a pattern and the length to which it is repeated. */
function cycled({ hex, cycledTo }: SealedVector['privateFields']['content']): Uint8Array {
  const pattern = fromHex(hex);
  return Uint8Array.from({ length: cycledTo }, (_, i) => pattern[i % pattern.length] ?? 0);
}

export function privateOf({ privateFields: fields }: SealedVector): PrivatePart {
  const position = ({ index, head }: { index: number; head: string }) => ({ index, head: fromHex(head) });
  return {
    previous: fromHex(fields.previous),
    senderPosition: position(fields.senderPosition),
    recipientPosition: fields.recipientPosition === null ? undefined : position(fields.recipientPosition),
    heads: fields.heads.map(({ device: id, seq, order, mh }) => ({
      device: fromHex(id),
      seq,
      order,
      messageHash: fromHex(mh),
    })),
    sentAt: fields.sentAt,
    expiry: fields.expiry,
    content: cycled(fields.content),
  };
}

/** What seals to the bytes of this vector. */
export function sealInputOf(vector: SealedVector): SealInput {
  const sender = device(vector.sender);
  return {
    header: headerOf(vector),
    private: privateOf(vector),
    messageKey: fromHex(vector.K),
    nonce: fromHex(vector.n),
    sender: {
      identity: fromHex(sender.identity),
      ed25519Seed: fromHex(sender.edSeed),
      boxKeys: new BoxKeys(fromHex(sender.xSecret)),
    },
    recipients: vector.slots.map((slot) => recipient(device(slot.reader))),
  };
}

/** What `reader` knows; `state` is what has happened before. */
export function worldOf(reader: DeviceVector, state: RefusedVector['state'] = {}): OpenWorld {
  const { accounts, devices, groups } = suite1.world;
  return {
    me: idsOf(reader),
    boxKeys: new BoxKeys(fromHex(reader.xSecret)),
    isMyGroup: (group) => groups.some(({ id }) => id === toHex(group)),
    senderDevice(address, id) {
      const found = devices.find((candidate) => candidate.address === address && candidate.id === toHex(id));
      if (found === undefined) return undefined;
      return {
        identity: fromHex(found.identity),
        x25519: fromHex(found.xPublic),
        ed25519: fromHex(found.edPublic),
        revoked: found.revoked,
      };
    },
    isMember({ conversation, epoch, head, sender }, identity) {
      if (conversation.kind === 'direct') return true;
      const entry = groups
        .find(({ id }) => id === toHex(conversation.group))
        ?.epochs.find((candidate) => candidate.epoch === epoch && candidate.head === toHex(head));
      const account = accounts.find(({ address }) => address === sender);
      return entry?.members.includes(sender) === true && account?.identity === toHex(identity);
    },
    lastEpoch: () => state.lastEpoch ?? 0,
    dedupe(header, messageHash): Verdict {
      const conversation = toHex(encodeConversation(header.conversation));
      let verdict: Verdict = 'fresh';
      for (const seen of state.seen ?? []) {
        const sameId = seen.id === toHex(header.id);
        const samePlace = seen.conversation === conversation && seen.seq === header.seq;
        if (seen.device !== toHex(header.device) || !(sameId || samePlace)) continue;
        if (seen.mh !== toHex(messageHash)) return 'fork';
        verdict = 'repeat';
      }
      return verdict;
    },
  };
}

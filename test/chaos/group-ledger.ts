// What a server has accepted in groups, as everything says that crosses the wires of a test's people: answers to those who wrote, and what
// everybody else is pushed. It is the truth that clients are compared with, and it is itself checked: one number, one thing, for everybody.
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { decodeHeader, messageHash } from '#protocol/envelope.ts';
import type { ClientFrame, ClientFrameOf } from '#protocol/frames/client.ts';
import type { ServerFrame, ServerFrameOf } from '#protocol/frames/server.ts';
import { decodeGroupEntry, type GroupEntry, groupHead, groupId } from '#protocol/group-entry.ts';
import type { Transport, Wire } from '../../clients/sdk/transport.ts';

export type LoggedEntry = { readonly type: 'entry'; readonly entry: GroupEntry; readonly head: Uint8Array };
export type LoggedMessage = {
  readonly type: 'message';
  readonly id: string;
  readonly device: string;
  readonly from: string;
  readonly epoch: number;
};
type Logged = (LoggedEntry | LoggedMessage) & { readonly number: number; readonly bytes: string };

export class LoggedGroup {
  readonly id: string;
  readonly name: string;
  readonly #things = new Map<number, Logged>();

  constructor(id: string, name: string) {
    this.id = id;
    this.name = name;
  }

  /** False: another thing has this number. */
  place(thing: Logged): boolean {
    const before = this.#things.get(thing.number);
    if (before === undefined) this.#things.set(thing.number, thing);
    return before === undefined || before.bytes === thing.bytes;
  }

  /** All that has a number, in its order. */
  get things(): Logged[] {
    return [...this.#things.values()].sort((a, b) => a.number - b.number);
  }

  get entries(): LoggedEntry[] {
    return this.things.filter((thing) => thing.type === 'entry');
  }

  get messages(): (LoggedMessage & { readonly number: number })[] {
    return this.things.filter((thing) => thing.type === 'message');
  }
}

/** What a client asks that the server's `ok` gives a number. */
type Asked = ClientFrameOf<'send'> | ClientFrameOf<'group.append'>;

export class Ledger {
  /** By id, Base64; in the order in which they were first heard of. */
  readonly groups = new Map<string, LoggedGroup>();
  /** Numbers that were given to two things. */
  readonly faults: string[] = [];
  /** Frames that came, for who waits for something to happen. */
  heard = 0;

  /** The groups that had this name, one after the other. */
  named(name: string): LoggedGroup[] {
    return [...this.groups.values()].filter((group) => group.name === name);
  }

  /** The same transport, listened to. */
  tapped(transport: Transport): Transport {
    return {
      connect: (url, events): Wire => {
        const asked = new Map<number, Asked>();
        const wire = transport.connect(url, {
          opened: () => events.opened(),
          received: (text) => {
            this.#received(text, asked);
            events.received(text);
          },
          heard: () => events.heard(),
          closed: (code, reason) => events.closed(code, reason),
        });
        return {
          send(text) {
            if (/"type":"(send|group\.append)"/.test(text)) {
              const frame = JSON.parse(text) as ClientFrame; // this project's own client wrote it
              if (frame.type === 'send' || frame.type === 'group.append') asked.set(frame.id, frame);
            }
            wire.send(text);
          },
          close: (code, reason) => wire.close(code, reason),
          terminate: () => wire.terminate(),
        };
      },
    };
  }

  #received(text: string, asked: Map<number, Asked>): void {
    this.heard += 1;
    if (!/"type":"(ok|error|deliver|entries)"/.test(text)) return;
    const frame = JSON.parse(text) as ServerFrame; // the client itself parses the same text by its schema
    if (frame.type === 'deliver' && frame.group !== undefined)
      this.#message(frame, frame.group.number, frame.group.name);
    else if (frame.type === 'entries') this.#entries(frame, frame.number);
    else if (frame.type === 'ok' || frame.type === 'error') {
      const question = asked.get(frame.re);
      asked.delete(frame.re);
      // The answer to either names the number, and a direct message's does not.
      if (frame.type === 'ok' && question !== undefined && typeof frame.number === 'number') {
        if (question.type === 'group.append') this.#entries(question, frame.number);
        else if (question.group !== undefined) this.#message(question, frame.number, question.group);
      }
    }
  }

  #entries({ name, entries }: Pick<ServerFrameOf<'entries'>, 'name' | 'entries'>, first: number): void {
    let created: string | undefined;
    for (const [place, { entry: text }] of entries.entries()) {
      const bytes = decodeBase64(text);
      const entry = decodeGroupEntry(bytes);
      if (entry.change.type === 'create') created = encodeBase64(groupId(bytes));
      const id = created ?? encodeBase64(entry.group);
      this.#place(id, name, { type: 'entry', number: first + place, bytes: text, entry, head: groupHead(bytes) });
    }
  }

  #message({ header, body }: { header: string; body: string }, number: number, name: string): void {
    const bytes = decodeBase64(header);
    const { conversation, id, device, sender, epoch } = decodeHeader(bytes);
    if (conversation.kind !== 'group') throw new Error('A direct message has a number in a group.');
    const mh = encodeBase64(messageHash(bytes, decodeBase64(body)));
    const who = { id: encodeBase64(id), device: encodeBase64(device), from: sender };
    this.#place(encodeBase64(conversation.group), name, { type: 'message', number, bytes: mh, ...who, epoch });
  }

  #place(id: string, name: string, thing: Logged): void {
    let group = this.groups.get(id);
    if (group === undefined) {
      group = new LoggedGroup(id, name);
      this.groups.set(id, group);
    }
    if (!group.place(thing)) this.faults.push(`number ${thing.number} of ${name} was given to two things`);
  }
}

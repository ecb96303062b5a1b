// What comes into an instance's inbox: items that others sent to it, and what every instance says of itself.
import type { ConsumeMessage } from 'amqplib';
import type { Addressed, InboxMessage } from '#protocol/commands.ts';
import type { Link } from './link.ts';
import { ALIVE_TYPE, type Alive, BYE_TYPE, decodeAlive, decodeInbox, isFrame } from './wire.ts';

export type InboxEvents = {
  readonly message: (message: InboxMessage) => void;
  readonly told: (command: Addressed) => void;
  readonly alive: (alive: Alive) => void;
  /** The name of an instance that ended. */
  readonly bye: (instance: string) => void;
  /** Of another version, or none. Whoever sent it repeats it, or did not need it. */
  readonly unknown: (reason: string) => void;
};

/** Reads an instance's inbox, which ends with its link. */
export async function consumeInbox(link: Link, inbox: string, events: InboxEvents): Promise<void> {
  const take = (message: ConsumeMessage | null): void =>
    message ? readInbox(message, events) : link.fail('the inbox was deleted');
  await link.control.consume(inbox, take, { noAck: true });
}

function readInbox(message: ConsumeMessage, events: InboxEvents): void {
  let step: () => void;
  try {
    step = read(message, events);
  } catch (error) {
    return events.unknown(String(error));
  }
  step();
}

/** What is to be done about a message. Throws if it is not what its type says. */
function read({ properties, content }: ConsumeMessage, events: InboxEvents): () => void {
  if (isFrame('inbox', properties.type)) {
    const items = decodeInbox(content);
    return () => {
      for (const item of items) 'message' in item ? events.message(item.message) : events.told(item.told);
    };
  }
  switch (properties.type) {
    case ALIVE_TYPE: {
      const alive = decodeAlive(content);
      return () => events.alive(alive);
    }
    case BYE_TYPE: {
      const instance = String(JSON.parse(content.toString()));
      return () => events.bye(instance);
    }
    default:
      return () => events.unknown(String(properties.type));
  }
}

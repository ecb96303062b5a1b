// What comes into an instance's inbox: items that others sent to it, and what every instance says of itself.
import type { ConsumeMessage } from 'amqplib';
import { ALIVE_TYPE, type Alive, BYE_TYPE, decodeAlive, decodeInbox, INBOX_TYPE, type InboxItem } from './wire.ts';

export type InboxEvents = {
  readonly item: (item: InboxItem) => void;
  readonly alive: (alive: Alive) => void;
  /** The name of an instance that ended. */
  readonly bye: (instance: string) => void;
  /** Of another version. Whoever sent it repeats it, or did not need it. */
  readonly unknown: (type: string) => void;
};

export function readInbox({ properties, content }: ConsumeMessage, events: InboxEvents): void {
  switch (properties.type) {
    case INBOX_TYPE:
      for (const item of decodeInbox(content)) events.item(item);
      return;
    case ALIVE_TYPE:
      return events.alive(decodeAlive(content));
    case BYE_TYPE:
      return events.bye(String(JSON.parse(content.toString())));
    default:
      return events.unknown(String(properties.type));
  }
}

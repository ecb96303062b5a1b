// What travels on the bus: commands to actors, and what instances say to each other's inboxes.
// Services know each other by these types alone.
import type { CloseName } from './close-codes.ts';
import type { ErrorCode } from './errors.ts';
import type { ClientFrameOf, RequestType } from './frames/client.ts';
import type { SignedEntryText, SignedGroupEntryText } from './frames/fields.ts';
import type { Answer, NoticeBody, Push } from './frames/server.ts';

export const ACTOR_KINDS = ['account', 'group', 'mailbox'] as const;
export type ActorKind = (typeof ACTOR_KINDS)[number];

/** Where an answer goes: an instance's inbox, and the number under which that instance waits for it. */
export type ReplyTo = { readonly inbox: string; readonly re: number };

/** A session as its gateway instance knows it. */
export type SessionRef = { readonly inbox: string; readonly session: number };

/**
 * One message on its way to one mailbox. `header`, `body`, slots, `device` and `id` stay the Base64 that came in: no hop decodes ciphertext.
 * Times in ms since 1970.
 */
export type MessageItem = {
  readonly type: 'message';
  readonly id: string;
  readonly from: string;
  readonly device: string;
  readonly conversation: string;
  readonly seq: number;
  readonly header: string;
  readonly body: string;
  /** device → slot, for the devices of this mailbox. */
  readonly slots: Readonly<Record<string, string>>;
  readonly receivedAt: number;
  readonly expiresAt: number;
  /** Of a group's message: the group's name, its number there, and how many persons it goes to. */
  readonly group?: { readonly name: string; readonly number: number; readonly persons: number };
};

/** Entries of a group's log on their way to one mailbox, for every device of it. */
export type EntriesItem = {
  readonly type: 'entries';
  readonly name: string;
  readonly group: string;
  /** Of the first entry, in the group's sequence. */
  readonly number: number;
  readonly entries: readonly SignedGroupEntryText[];
  /** Who wrote them: whom their bytes count for. */
  readonly from: string;
  readonly receivedAt: number;
  readonly expiresAt: number;
};

/** A notice on its way to the devices of one mailbox. Outside quota; never causes a notice itself. */
export type NoticeItem = {
  readonly type: 'notice';
  readonly notice: NoticeBody;
  /** The devices it is for; absent: every device of the mailbox. */
  readonly devices?: readonly string[];
  readonly receivedAt: number;
  readonly expiresAt: number;
};

export type MailboxCommand =
  /** `reply` is absent where a group's actor asks: then a refusal becomes a notice to the sender. */
  | { readonly type: 'deliver'; readonly item: MessageItem; readonly reply?: ReplyTo }
  | { readonly type: 'entries'; readonly item: EntriesItem }
  | { readonly type: 'notify'; readonly item: NoticeItem }
  /** From auth after each change of an account log: the devices in use, and how many entries the log has (the greater wins). */
  | {
      readonly type: 'account';
      readonly length: number;
      readonly devices: readonly string[];
      readonly deleted: boolean;
    }
  | { readonly type: 'attach'; readonly device: string; readonly number: number; readonly at: SessionRef }
  /** The rest is told, not published: its sender repeats it or does not need it. */
  | {
      readonly type: 'detach';
      readonly device: string;
      readonly at: SessionRef;
      /** Something on its way to that inbox was lost, or its instance fell silent: if it is there all the same, it is told so. */
      readonly lost?: boolean;
    }
  | {
      readonly type: 'ack';
      readonly device: string;
      readonly at: SessionRef;
      readonly upTo: number;
      readonly tags: readonly (readonly [number, string])[];
    }
  /** A session of the device that does not receive, so is never attached, begins or ends. */
  | { readonly type: 'used'; readonly device: string }
  | { readonly type: 'devices.used'; readonly reply: ReplyTo }
  /** The user has a session that others may see, or had one until now. */
  | { readonly type: 'seen' }
  /** Answered by a `seen` to that inbox. */
  | { readonly type: 'seen.ask'; readonly inbox: string }
  | { readonly type: 'sweep' };

/** A request to an account actor, as the gateway forwards it: the frame, and who asks. */
type Asked<T extends RequestType> = {
  readonly type: T;
  readonly frame: ClientFrameOf<T>;
  /** The address of the client's network, for throttling. */
  readonly source: string;
  readonly reply: ReplyTo;
};

/** What somebody waits for an answer to. */
export type AccountRequest =
  | Asked<'signup.start'>
  | Asked<'signup.finish'>
  | Asked<'login.start'>
  | Asked<'login.finish'>
  | (Asked<'session'> & { readonly challenge: string })
  | Asked<'log.get'>
  | Asked<'log.append'>
  /** From here on only within a session; `address` is the session's. */
  | Asked<'password.start'>
  | Asked<'password.finish'>
  | Asked<'account.delete'>;

export type AccountCommand =
  | AccountRequest
  /** From a group's actor: tells it the log, as a command of its own. `group`: the key of that actor; `ask`: comes back with the answer. */
  | { readonly type: 'log.tell'; readonly group: string; readonly ask: number };

/** The key of the actor of a group's name. */
export function groupKey(name: string): string {
  return `#${name}`;
}

/** A request about groups, as the gateway forwards it: the frame, and whose session it came in. */
type GroupAsked<T extends RequestType> = {
  readonly type: T;
  readonly frame: ClientFrameOf<T>;
  readonly from: string;
  readonly device: string;
  readonly reply: ReplyTo;
};

/** A message to a group, as the gateway has checked it: header and session agree, the rest is the group's to decide. */
export type GroupMessage = Omit<MessageItem, 'type' | 'group' | 'slots'> & {
  readonly epoch: number;
  /** Base64 of the membership head, of mh, and of the group's id. */
  readonly head: string;
  readonly mh: string;
  readonly group: string;
  /** address → device → slot. */
  readonly slots: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

/**
 * To the actor of a group's name, under the key #name@domain. `group.list` goes to the actor of whoever asks, under the key of their address: it is no
 * group, and only looks things up.
 */
export type GroupCommand =
  | GroupAsked<'group.append'>
  | GroupAsked<'group.get'>
  | GroupAsked<'group.state'>
  | GroupAsked<'group.list'>
  | { readonly type: 'send'; readonly message: GroupMessage; readonly reply: ReplyTo }
  /** From an account actor that was asked by `log.tell`: its log as it is now; undefined: there is no such account, or none any more. */
  | {
      readonly type: 'account';
      readonly address: string;
      readonly ask: number;
      readonly log: readonly SignedEntryText[] | undefined;
    };

export type CommandOf = { account: AccountCommand; group: GroupCommand; mailbox: MailboxCommand };

/** A command with the actor it is for: kind and key (an address). */
export type Addressed = {
  [K in ActorKind]: { readonly kind: K; readonly key: string; readonly command: CommandOf[K] };
}[ActorKind];

/** Persons in each list of one signal. */
export const SIGNAL_ADDRESSES_MAX = 128;

/**
 * What is said to every instance over signals (DESIGN section 1): may be lost, never carries a message. `gateway`: who says it, by a name that it made up
 * at its start. Lists have at most SIGNAL_ADDRESSES_MAX addresses.
 */
export type Signal =
  | { readonly type: 'revoked'; readonly address: string; readonly device: string; readonly deleted: boolean }
  /** Who has a session at that gateway that others may see, and who has none there any more. Of anybody else it says nothing. */
  | {
      readonly type: 'presence';
      readonly gateway: string;
      readonly here: readonly string[];
      readonly gone: readonly string[];
    }
  /** Which of these are where? Whoever has one of them says so, by `presence`. */
  | { readonly type: 'presence.ask'; readonly gateway: string; readonly addresses: readonly string[] }
  /** Somebody who may be seen types, to these persons. `group`: the name of the group that is typed in. */
  | {
      readonly type: 'typing';
      readonly from: string;
      readonly to: readonly string[];
      readonly group?: string | undefined;
    };
export type SignalOf<T extends Signal['type']> = Extract<Signal, { type: T }>;

/** What an instance tells another instance's inbox. May be lost with the instance. */
export type InboxMessage =
  | { readonly type: 'answer'; readonly re: number; readonly answer: Answer<RequestType> }
  | {
      readonly type: 'refusal';
      readonly re: number;
      readonly code: ErrorCode;
      readonly message: string;
      readonly retryAfterMs?: number;
    }
  | { readonly type: 'push'; readonly session: number; readonly frame: Push }
  | { readonly type: 'close'; readonly session: number; readonly why: CloseName }
  /** When a person was last seen, ms since 1970, to the minute; absent: it is not known. */
  | { readonly type: 'seen'; readonly address: string; readonly at?: number }
  /** The owner of the session's mailbox does not push to it any more, or never did: end the connection, its client opens another session. */
  | { readonly type: 'reattach'; readonly session: number };

// Every bound that both ends of a wire must agree on, with its unit in the name. What only a server decides is configuration.

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** What a client offers, and a server chooses, at the WebSocket handshake. */
export const SUBPROTOCOL = 'parley.v1';

/** A person's text: UTF-8 bytes. */
export const TEXT_MAX_BYTES = 65_536;
/** LP(content) inside the sealed part (DESIGN section 5). */
export const CONTENT_MAX_BYTES = 69_632 - 4;
/** C: tag and padded plaintext. */
export const CIPHERTEXT_MAX_BYTES = 81_936;
/** body = n (24) ‖ com (32) ‖ C. */
export const BODY_MIN_BYTES = 328;
export const BODY_MAX_BYTES = 24 + 32 + CIPHERTEXT_MAX_BYTES;
/** The longest header: two addresses in a conversation, one more as sender, fixed fields. */
export const HEADER_MAX_BYTES = 1_200;
export const SLOT_BYTES = 80;
/** An entry of a group's log. */
export const GROUP_ENTRY_MAX_BYTES = 1_536;
/** Entries of one `group.append`. */
export const GROUP_APPEND_MAX_ENTRIES = 64;
export const GROUP_LOG_PAGE_ENTRIES = 64;
/** Groups of one page of `group.list`. */
export const GROUP_LIST_PAGE = 200;
/** A group's state as bytes: everybody in it and everybody refused, with addresses of any length. */
export const GROUP_STATE_MAX_BYTES = 400 * KIB;
/** Slots of one group message. */
export const GROUP_SLOTS_MAX = 2_048;
/** Up to so many persons a sender hears of each who took a message, with a proof; beyond it, of numbers. */
export const GROUP_PROOFS_MAX_MEMBERS = 50;
/** People whose presence one session is told: the members of a group, and contacts. */
export const WATCHED_MAX = 2_048;
/** Whom one `typing` names. */
export const TYPING_MAX_ADDRESSES = 50;
/** A person who goes on typing in a conversation is passed on once in so long. */
export const TYPING_INTERVAL_MS = 3_000;
/** When a person was last seen is known so exactly, and no better. */
export const LAST_SEEN_GRAIN_MS = 60_000;
/** Slots of one direct message: all devices of two accounts. */
export const SLOTS_MAX = 128;
export const ADDRESS_MAX_CHARS = 32 + 1 + 253;

/** One WebSocket message from a client: the longest body and header in Base64, and all slots of a group, for addresses of any length (limits.test.ts). */
export const CLIENT_FRAME_MAX_BYTES = 1_056 * KIB;
/** The same before a session: nothing that belongs there is longer, and a stranger's frames cost parsing. */
export const DOOR_FRAME_MAX_BYTES = 16 * KIB;
/** Frames of a connection without a session that may be refused as none of the protocol; the last one ends it. */
export const DOOR_REFUSED_FRAMES_MAX = 8;
/** One WebSocket message from a server. */
export const SERVER_FRAME_MAX_BYTES = 768 * KIB;

export const ACCOUNT_LOG_MAX_ENTRIES = 1_000;
export const ACCOUNT_LOG_PAGE_ENTRIES = 64;
export const DEVICES_MAX = 32;
export const GROUP_MEMBERS_MAX = 1_024;
/** Identities that an open group refuses. */
export const GROUP_REFUSED_MAX = 1_000;
export const VAULT_MAX_BYTES = 1 * KIB;
/** An OPAQUE message or record, in base64url characters. */
export const OPAQUE_MAX_CHARS = 1 * KIB;
export const INVITATION_MAX_CHARS = 256;

/** Sends that a session may have unanswered; the server reads no further until one is answered. */
export const SENDS_UNANSWERED_MAX = 16;
/** Other requests that a connection may have unanswered. */
export const REQUESTS_UNANSWERED_MAX = 32;
/** What a device may have unacknowledged before the server waits for its acks. */
export const DELIVERY_WINDOW_ITEMS = 64;
export const DELIVERY_WINDOW_BYTES = 256 * KIB;
/** Entries of one notice; what goes beyond is in another. */
export const NOTICE_ENTRIES_MAX = 500;

/** A challenge may be answered once, within this time, on its connection. */
export const CHALLENGE_MAX_AGE_MS = 60_000;
/** A connection that has no session, and no sign-up or sign-in under way, is closed after this. */
export const UNAUTHENTICATED_MAX_MS = 120_000;
/** The server pings this often … */
export const HEARTBEAT_INTERVAL_MS = 15_000;
/** … and either end gives a silent connection up after this. */
export const HEARTBEAT_TIMEOUT_MS = 45_000;
/** Requests other than `send` that got no answer by now never will. */
export const ASK_TIMEOUT_MS = 10_000;

/** Of a file, what one secretbox holds; the last chunk may hold less. */
export const FILE_CHUNK_BYTES = 64 * KIB;
/** The last chunk of a file is padded to a multiple of this. */
export const FILE_PADDING_BYTES = 4 * KIB;
/** Chunks that travel in one request of an upload; the last one may have fewer. */
export const FILE_PART_CHUNKS = 64;
export const FILE_MAX_BYTES = 16 * 1024 * MIB;
/** A file's name, UTF-8, and its type. */
export const FILE_NAME_MAX_BYTES = 1_024;
export const FILE_TYPE_MAX_CHARS = 127;
/** Width and height of an image's preview, in pixels. */
export const PREVIEW_MAX_SIDE = 80;
/** A ticket for one blob: what it lets its device do begins within this time. */
export const TICKET_MAX_AGE_MS = 5 * MINUTE_MS;

export const RETENTION_DEFAULT_MS = 30 * DAY_MS;
export const RETENTION_MIN_MS = 1_000;
/** A sender gives a message up after this. */
export const OUTBOX_MAX_AGE_MS = 14 * DAY_MS;
/** Late slots are made for devices first seen this long after sending, at most. */
export const LATE_SLOT_MAX_MS = 24 * HOUR_MS;
/** After `synced`, a missing number is shown as a gap once this has passed: longer than a take-over. */
export const GAP_WAIT_MS = 20_000;

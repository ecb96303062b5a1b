// What conversations are called: as a person types them, and as they are known inside. A sign tells groups from people: `#team`, `#team@example.org`.
import type { Client } from '../sdk/index.ts';

const SIGN = '#';
/** What stands behind the name of a group that came later under a name that was known: the beginning of its id. */
const OTHER_GROUP = /^(#[^/]*)\/([0-9a-f]{8})$/i;

type Resolver = Pick<Client, 'resolve'>;

/** Whether a conversation, typed or canonical, is one of a group. */
export function isGroup(conversation: string): boolean {
  return conversation.startsWith(SIGN);
}

/** name@domain of a group, whether or not its sign was typed. Throws RequestError `bad_name`. */
export function groupName(resolver: Resolver, typed: string): string {
  return resolver.resolve(withoutSign(typed));
}

/** `#name@domain` of name@domain. */
export function groupConversation(name: string): string {
  return `${SIGN}${name}`;
}

/** What is meant: a group where it begins with the sign, else a person. Canonical. Throws RequestError `bad_name`. */
export function conversationOf(resolver: Resolver, typed: string): string {
  if (!isGroup(typed)) return resolver.resolve(typed);
  const [, name = typed, other] = OTHER_GROUP.exec(typed) ?? [];
  const conversation = groupConversation(groupName(resolver, name));
  return other === undefined ? conversation : `${conversation}/${other.toLowerCase()}`;
}

/** A name without the sign of a group, if it has one. */
export function withoutSign(typed: string): string {
  return isGroup(typed) ? typed.slice(SIGN.length) : typed;
}

/** `with bo@localhost`, `in #team@localhost` */
export function withOrIn(conversation: string): string {
  return `${isGroup(conversation) ? 'in' : 'with'} ${conversation}`;
}

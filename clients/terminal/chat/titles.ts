// Who a conversation is with, and what the person has to know of them at each look: it stands before what is typed, and above what is opened.
import type { Client } from '../../sdk/index.ts';
import { isGroup } from '../names.ts';
import { shortName } from './chat-lines.ts';

type Titled = Pick<Client, 'account' | 'contacts'> & { readonly groups: Pick<Client['groups'], 'known'> };

/** `bo (verified)`, `#team (open)` */
export async function titleOf(client: Titled, conversation: string): Promise<string> {
  const marks = isGroup(conversation)
    ? await groupMarks(client, conversation)
    : await personMarks(client, conversation);
  const name = shortName(conversation, client.account.domain);
  return marks.length === 0 ? name : `${name} (${marks.join(', ')})`;
}

async function personMarks(client: Titled, address: string): Promise<string[]> {
  const pin = (await client.contacts()).find((one) => one.address === address);
  return [
    ...(pin?.changed !== undefined ? ['IDENTITY CHANGED'] : pin?.verified === true ? ['verified'] : []),
    ...(pin?.blocked === true ? ['blocked'] : []),
  ];
}

/** That anybody may come in and read has to be seen before each text. */
async function groupMarks(client: Titled, conversation: string): Promise<string[]> {
  const record = (await client.groups.known()).find((one) => one.conversation === conversation);
  if (record === undefined) return [];
  const { ended, forked, state } = record;
  return [
    ...(forked === undefined ? [] : ['TWO HISTORIES']),
    ...(ended === undefined ? [] : [ENDED[ended.how]]),
    ...(ended === undefined && state.policy !== 'closed' ? ['open to all'] : []),
  ];
}

const ENDED = {
  left: 'you left it',
  removed: 'you were removed',
  deleted: 'deleted',
  unlisted: 'not shown to you any more',
} as const;

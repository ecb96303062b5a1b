// The server's lists of groups, page after page.
import type { Answer } from '#protocol/frames/server.ts';
import { GROUP_LIST_PAGE } from '#protocol/limits.ts';
import type { Connection } from '../connection.ts';

/** Pages of one list: 20,000 groups. */
const LIST_PAGES_MAX = 100;

/** The groups that one is in, or may join, as the server says; `complete`: those are all. Throws RequestError, Unavailable. */
export async function listedGroups(
  connection: Connection,
  own: boolean,
): Promise<{ readonly groups: Answer<'group.list'>['groups']; readonly complete: boolean }> {
  const groups: Answer<'group.list'>['groups'] = [];
  for (let pages = 0; pages < LIST_PAGES_MAX; pages++) {
    const after = groups.at(-1)?.name ?? '';
    const page = await connection.ask('group.list', { own, after });
    groups.push(...page.groups.slice(0, GROUP_LIST_PAGE));
    if (!page.more) return { groups, complete: true };
    if (page.groups.length === 0) break;
  }
  return { groups, complete: false };
}

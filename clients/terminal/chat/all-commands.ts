// All commands of a chat, in the order in which help shows them.

import { aboutChat } from './commands/about.ts';
import { account } from './commands/account.ts';
import { files } from './commands/files.ts';
import { finding } from './commands/finding.ts';
import { grouping } from './commands/groups.ts';
import { company } from './commands/presence.ts';
import { talking } from './commands/talking.ts';
import { trusting } from './commands/trusting.ts';
import type { ChatCommand } from './commands.ts';

export const COMMANDS: readonly ChatCommand[] = [
  ...[...talking, ...files, ...grouping, ...company, ...finding],
  ...[...trusting, ...account, ...aboutChat],
];

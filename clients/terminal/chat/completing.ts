// What Tab makes of the last word of a line: commands, the people and groups that this device knows, and files.
import type { Client } from '../../sdk/index.ts';
import { isGroup } from '../names.ts';
import { shortName } from './chat-lines.ts';
import type { ChatCommand, Completed } from './commands.ts';

/** What completion looks at of a client. */
type Known = {
  readonly account: Pick<Client['account'], 'address' | 'domain'>;
  contacts(): Promise<readonly { readonly address: string }[]>;
  readonly groups: { known(): Promise<readonly { readonly conversation: string; readonly ended?: unknown }[]> };
};

/** What the last word of a line may be. */
export async function completionsOf(
  commands: readonly ChatCommand[],
  client: Known,
  line: string,
  paths: (typed: string) => Promise<string[]>,
): Promise<{ readonly word: string; readonly completions: readonly string[] }> {
  const [, slash, name = '', behind] = /^(\/)(\S*)(?:\s+(.*))?$/.exec(line) ?? [];
  if (slash === undefined) return { word: line, completions: [] };
  const names = commands.map((one) => one.name);
  const begins = (typed: string) => (one: string) => one.startsWith(typed.toLowerCase());
  if (behind === undefined && !/\s$/.test(line)) {
    return { word: line, completions: names.filter(begins(name)).map((one) => `/${one} `) };
  }
  const words = (behind ?? '').split(/\s+/);
  const word = words.at(-1) ?? '';
  const command = commands.find((one) => one.name === name.toLowerCase());
  // All that follows is one path: names of files have blanks.
  if (command?.completes?.[0] === 'path') return { word: behind ?? '', completions: await paths(behind ?? '') };
  // Only so many words name something; a text behind them is the person's own.
  const what = command?.completes?.[words.length - 1];
  if (what === undefined || what === 'path') return { word: line, completions: [] };
  if (what === 'command') return { word, completions: names.filter(begins(word)) };
  return { word, completions: (await namesOf(client, what, word)).filter(begins(word)).map((one) => `${one} `) };
}

/** As they are typed: those of the own domain without it, and groups without their sign where nothing else can be meant. */
async function namesOf(client: Known, what: Exclude<Completed, 'command' | 'path'>, word: string): Promise<string[]> {
  const { address: own, domain } = client.account;
  const people = what === 'group' ? [] : (await client.contacts()).map(({ address }) => address);
  const groups = what === 'person' ? [] : (await client.groups.known()).filter(({ ended }) => ended === undefined);
  const signed = what === 'conversation' || isGroup(word);
  return [
    ...people.filter((address) => address !== own).map((address) => shortName(address, domain)),
    ...groups.map(({ conversation }) => shortName(conversation, domain)).map((one) => (signed ? one : one.slice(1))),
  ];
}

// Who is there: whose presence this chat asks for (the people of the open conversation, and those that are known), and what is said when
// somebody of the open conversation comes or goes. What was so when it was asked first is no news.
import type { Client, GroupRecord } from '../../sdk/index.ts';
import { isGroup } from '../names.ts';
import type { Output } from '../output.ts';
import { shortName, shortTime } from './chat-lines.ts';

/** In a larger group somebody always comes or goes: /who lists who is there. */
const TOLD_MEMBERS_MAX = 50;
/** When the server is back, so are all the others, one after the other: for so long that is no news. */
const RETURN_MS = 10_000;

/** What is looked at of a group: `members` by address. */
type KnownGroup = Pick<GroupRecord, 'conversation' | 'ended'> & {
  readonly state: { readonly members: Pick<ReadonlyMap<string, unknown>, 'keys'> };
};

type CompanyDeps = {
  readonly client: {
    readonly account: Pick<Client['account'], 'address' | 'domain'>;
    contacts(): Promise<readonly { readonly address: string; readonly blocked: boolean }[]>;
    readonly groups: { known(): Promise<readonly KnownGroup[]> };
    readonly presence: Pick<Client['presence'], 'watch' | 'of'>;
  };
  readonly output: Pick<Output, 'say'>;
  /** The open conversation. */
  open(): string | undefined;
  /** ms since 1970. */
  now(): number;
  /** ms, rising. */
  elapsed(): number;
};

export type PresenceHeard = { readonly address: string; readonly online: boolean };

export class Company {
  readonly #deps: CompanyDeps;
  /** Whom the open conversation is with. */
  #here: ReadonlySet<string> = new Set();
  #watched: ReadonlySet<string> = new Set();
  /** What was heard last of each who is watched. */
  readonly #heard = new Map<string, boolean>();
  #changed = true;
  /** Until when nothing is news, as `elapsed` counts; undefined: the session has lasted. */
  #quietUntil: number | undefined;

  constructor(deps: CompanyDeps) {
    this.#deps = deps;
  }

  /** The session is lost, or there is one again. */
  hearLink(type: string): void {
    if (type === 'reconnecting') this.#quietUntil = Number.POSITIVE_INFINITY;
    if (type === 'online' && this.#quietUntil !== undefined) this.#quietUntil = this.#deps.elapsed() + RETURN_MS;
  }

  /** There may be others to look at: `look` is due. */
  change(): void {
    this.#changed = true;
  }

  /** Somebody wrote or was written to. */
  met(address: string): void {
    this.#changed ||= !this.#watched.has(address) && address !== this.#deps.client.account.address;
  }

  /** Asks for those whom it is about now, if that may have changed. */
  async look(): Promise<void> {
    if (!this.#changed) return;
    this.#changed = false;
    const { client, open } = this.#deps;
    this.#here = new Set(await this.peopleOf(open()));
    const known = (await client.contacts()).filter(({ blocked }) => !blocked).map(({ address }) => address);
    const watched = new Set([...this.#here, ...known]);
    watched.delete(client.account.address);
    for (const address of this.#heard.keys()) if (!watched.has(address)) this.#heard.delete(address);
    if (watched.size === this.#watched.size && [...watched].every((one) => this.#watched.has(one))) return;
    this.#watched = watched;
    client.presence.watch([...watched]);
  }

  /** Says who came or went, if it is news, and about somebody of the open conversation. */
  hear({ address, online }: PresenceHeard): void {
    const before = this.#heard.get(address);
    this.#heard.set(address, online);
    if (before === undefined || before === online) return;
    if (this.#quietUntil !== undefined && this.#deps.elapsed() < this.#quietUntil) return;
    if (!this.#here.has(address) || this.#here.size > TOLD_MEMBERS_MAX) return;
    const { client, output } = this.#deps;
    output.say(`  ${shortName(address, client.account.domain)} is ${online ? 'online' : 'offline'}.`, 'dim');
  }

  /** Others than oneself: the members of a group, or the one person. */
  async peopleOf(conversation: string | undefined): Promise<string[]> {
    const { client } = this.#deps;
    if (conversation === undefined) return [];
    if (!isGroup(conversation)) return [conversation].filter((address) => address !== client.account.address);
    const record = (await client.groups.known()).find((one) => one.conversation === conversation);
    if (record === undefined || record.ended !== undefined) return [];
    return [...record.state.members.keys()].filter((address) => address !== client.account.address);
  }

  /** `online`, `last seen 12:31`, or nothing where nothing is known. */
  presenceOf(address: string): readonly string[] {
    const { client, now } = this.#deps;
    const known = client.presence.of(address);
    if (known === undefined) return [];
    if (known.online) return ['online'];
    return known.lastSeen === undefined ? ['offline'] : [`last seen ${shortTime(known.lastSeen, now())}`];
  }
}

// One client: the SDK as every user interface uses it, with a profile in memory. It writes what it is told and says what it was shown.

import type { ProfileEvent } from '../../clients/sdk/index.ts';
import { Client, type ClientEvent, type Platform, RequestError, readContent } from '../../clients/sdk/index.ts';
import { type Label, readLabel } from './label.ts';

const PAGE_EVENTS = 256;
/** Events of the journal that no undisturbed run has. */
const TROUBLES: readonly string[] = ['gap', 'unreadable', 'expired', 'identity'];

export interface Listener {
  accepted(message: Label): void;
  refused(message: Label): void;
  /** `order`: in its group. */
  shown(message: Label, order: number | undefined): void;
  /** Something that a person would be told, by code. */
  trouble(code: string): void;
  reconnecting(): void;
}

export class Person {
  readonly client: Client;
  readonly #listener: Listener;
  /** Under way, by id. */
  readonly #messages = new Map<string, Label>();
  /** Answered before `send` had said under which id it went. */
  readonly #early = new Map<string, 'accepted' | 'refused'>();
  /** By stream: the end of what is being sealed, because two at once might change places. */
  readonly #sealing = new Map<number, Promise<void>>();
  readonly #groupsAwaited = new Map<string, () => void>();
  #online = false;
  #printing = false;
  #again = false;
  #leaving = false;

  constructor(client: Client, listener: Listener) {
    this.client = client;
    this.#listener = listener;
    client.on((event) => this.#hear(event));
  }

  static async signUp(
    platform: Platform,
    credentials: Parameters<typeof Client.signUp>[1],
    listener: Listener,
  ): Promise<Person> {
    return new Person(await Client.signUp(platform, credentials), listener);
  }

  get address(): string {
    return this.client.account.address;
  }

  get online(): boolean {
    return this.#online;
  }

  /** Resolves with the first session. Throws Refusal with the reason if the server wants none. */
  async connect(): Promise<void> {
    await this.client.connect({ receive: true });
    await this.client.online();
  }

  /** Resolves once this client knows that it is in the group. */
  async joined(name: string): Promise<void> {
    const known = new Promise<void>((resolve) => this.#groupsAwaited.set(name, resolve));
    await this.#lookForGroups();
    await known;
  }

  /** Seals and queues, behind what is being sealed of the same stream. */
  send(to: string, text: string, message: Label): void {
    const before = this.#sealing.get(message.stream) ?? Promise.resolve();
    this.#sealing.set(
      message.stream,
      before.then(() => this.#seal(to, text, message)),
    );
  }

  /** From now on what ends is no trouble. */
  leaving(): void {
    this.#leaving = true;
  }

  async #seal(to: string, text: string, message: Label): Promise<void> {
    try {
      const [result] = await this.client.send([to], [text]);
      if (result === undefined || 'error' in result) throw result?.error ?? new Error('There is no result.');
      const [id = ''] = result.ids;
      const early = this.#early.get(id);
      if (early === undefined) this.#messages.set(id, message);
      else this.#listener[early](message);
      this.#early.delete(id);
    } catch (error) {
      this.#listener.trouble(codeOf(error));
      this.#listener.refused(message);
    }
  }

  #hear(event: ClientEvent): void {
    switch (event.type) {
      case 'accepted':
        this.#answered(event.id, 'accepted');
        break;
      case 'refused':
      case 'given_up':
        this.#trouble(event.code);
        this.#answered(event.id, 'refused');
        break;
      case 'delayed':
        this.#trouble(event.code);
        break;
      case 'trouble':
        this.#trouble('trouble');
        break;
      case 'online':
        this.#online = true;
        break;
      case 'stopped':
        this.#online = false;
        this.#trouble(`stopped ${event.code}`);
        break;
      case 'reconnecting':
        if (this.#online) this.#listener.reconnecting();
        this.#online = false;
        break;
      case 'journal':
        void this.#print();
    }
  }

  #answered(id: string, how: 'accepted' | 'refused'): void {
    const message = this.#messages.get(id);
    if (message === undefined) this.#early.set(id, how);
    else this.#listener[how](message);
    this.#messages.delete(id);
  }

  async #print(): Promise<void> {
    this.#again = true;
    if (this.#printing) return;
    this.#printing = true;
    try {
      while (this.#again) {
        this.#again = false;
        const { more } = await this.client.journal.printNext(PAGE_EVENTS, (event) => {
          this.#show(event);
          return 'more';
        });
        this.#again ||= more;
        await this.#lookForGroups();
      }
    } catch (error) {
      if (!this.#leaving) this.#trouble(codeOf(error)); // closed, its profile has no journal
    } finally {
      this.#printing = false;
    }
  }

  #show(event: ProfileEvent): void {
    if (event.type !== 'message') {
      if (TROUBLES.includes(event.type)) this.#trouble(event.type);
      return;
    }
    const { content, order } = event.entry;
    const read = readContent(content);
    const label = read.kind === 'text' ? readLabel(read.text) : undefined;
    if (label !== undefined) this.#listener.shown(label, order);
  }

  async #lookForGroups(): Promise<void> {
    if (this.#groupsAwaited.size === 0) return;
    for (const { name } of await this.client.groups.known()) {
      this.#groupsAwaited.get(name)?.();
      this.#groupsAwaited.delete(name);
    }
  }

  #trouble(code: string): void {
    if (!this.#leaving) this.#listener.trouble(code);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof RequestError) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

// The people that this device knows: what both compare by voice, and the marks that a person sets (DESIGN section 4).
import { RequestError } from '#protocol/errors.ts';
import type { Accounts } from './accounts.ts';
import type { Connection } from './connection.ts';
import { safetyNumber } from './crypto/safety.ts';
import type { Known } from './pins.ts';

/** `number`: 60 digits in groups of five, alike on both sides. `changed`: the number with the identity that waits to be accepted. */
export type Safety = { readonly number: string; readonly verified: boolean; readonly changed?: string };

export type ContactsDeps = {
  readonly accounts: Accounts;
  readonly mine: { readonly address: string; readonly identity: Uint8Array };
  session(): Promise<Connection>;
};

export class Contacts {
  readonly #deps: ContactsDeps;

  constructor(deps: ContactsDeps) {
    this.#deps = deps;
  }

  async safetyNumber(address: string): Promise<Safety> {
    const { pin } = await this.#known(address);
    const number = this.#number(address, pin.identity);
    if (pin.changed === undefined) return { number, verified: pin.verified };
    return { number, verified: pin.verified, changed: this.#number(address, pin.changed.identity) };
  }

  /** Whether the server still has this account. Throws RequestError, Refusal, Unavailable. */
  async exists(address: string): Promise<boolean> {
    try {
      await this.#deps.accounts.refresh(address, await this.#deps.session());
      return true;
    } catch (error) {
      if (error instanceof RequestError && error.code === 'unknown_user') return false;
      throw error;
    }
  }

  async mark(address: string, marks: { readonly verified: boolean } | { readonly blocked: boolean }): Promise<void> {
    await this.#known(address);
    await this.#deps.accounts.mark(address, marks);
  }

  async trust(address: string, compared: string): Promise<void> {
    await this.#deps.accounts.trust(address, (identity) => this.#number(address, identity) === compared);
  }

  #number(address: string, identity: Uint8Array): string {
    return safetyNumber(this.#deps.mine, { address, identity });
  }

  #known(address: string): Promise<Known> {
    return this.#deps.accounts.knownOrFetched(address, () => this.#deps.session());
  }
}

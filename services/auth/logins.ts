// Sign-ins under way: the one thing that auth remembers between two frames. In memory, because whoever loses it starts again; so who has
// it not (another owner of the account, a restart, the bound) must not call its finish a wrong password.
import { LOGIN_MAX_AGE_MS, LOGINS_MAX } from './limits.ts';

type LoginUnderWay = {
  readonly address: string;
  readonly source: string;
  /** OPAQUE's state, base64url. */
  readonly state: string;
  /** The identifier of the registration that it was checked against; absent for a name that nobody has. */
  readonly userIdentifier: string | undefined;
  readonly startedAt: number;
  /** What came of its finish. It may be asked for again: a repeated turn gets the same answer. `succeeded`: its try was taken back. */
  outcome: 'open' | 'succeeded' | 'failed';
};

/** By ticket (Base64). Bounded: beyond `max` the oldest is forgotten. */
export class LoginsUnderWay {
  readonly #max: number;
  readonly #logins = new Map<string, LoginUnderWay>();

  constructor(max = LOGINS_MAX) {
    this.#max = max;
  }

  add(ticket: string, login: LoginUnderWay): void {
    this.#logins.set(ticket, login);
    for (const [oldest, { startedAt }] of this.#logins) {
      if (this.#logins.size <= this.#max && login.startedAt - startedAt <= LOGIN_MAX_AGE_MS) return;
      this.#logins.delete(oldest);
    }
  }

  /** The sign-in of that ticket, if it is this address's and not too old. `now`: ms since 1970. */
  find(ticket: string, address: string, now: number): LoginUnderWay | undefined {
    const login = this.#logins.get(ticket);
    if (!login || login.address !== address || now - login.startedAt > LOGIN_MAX_AGE_MS) return undefined;
    return login;
  }
}

// When shared data takes on a newer form. As long as an instance lives that reads only the one before, nothing is written that it could not read.
// Once all who live read the newer one, somebody raises the form that the store records; from then on a service of the version before
// refuses to start, and one that had slipped in before sees it at its next look and ends. Only after that is anything written in it.
import type { Logger } from 'pino';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import { ownForm } from './forms.ts';
import type { RecordedForm } from './meta.ts';

export const FORM_LOOK_MS = 2_000;
/** So many looks in a row everybody has to read the newer form: who has just started, or was silent for a moment, is heard of meanwhile. */
export const LOOKS_BEFORE_RAISE = 5;
/** So many looks later everybody has seen that it was raised. */
export const LOOKS_BEFORE_USE = 3;

export type FormWatchDeps = {
  readonly forms: readonly number[];
  readonly recorded: RecordedForm;
  /** Whether every live instance is known to read this form; false where nobody can be heard. */
  readonly readByAll: (form: number) => boolean;
  readonly log: Logger;
};

export class FormWatch {
  readonly #deps: FormWatchDeps;
  /** The form in which is written now. */
  #written: number;
  /** Looks since everybody reads the own form, and since a form newer than the written one was seen. */
  #agreed = 0;
  #seen = 0;
  #looking = false;

  /** Begins with the older form, which nobody can fail to read, until it has seen for a while that the data has the newer one. */
  constructor(deps: FormWatchDeps) {
    this.#deps = deps;
    this.#written = deps.forms[0] ?? ownForm(deps.forms);
  }

  /** In which form to write: all who live read it. */
  get written(): number {
    return this.#written;
  }

  /** To be called every FORM_LOOK_MS. Throws StartError once the data has a form that is not read here: this process must end. */
  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      await this.#look();
    } catch (error) {
      if (!(error instanceof Unavailable || error instanceof RequestError)) throw error; // a store that is away or full for a while
    } finally {
      this.#looking = false;
    }
  }

  async #look(): Promise<void> {
    const { forms, recorded, readByAll, log } = this.#deps;
    const own = ownForm(forms);
    const form = await recorded.form();
    if (form !== this.#written) {
      this.#seen += 1;
      if (this.#seen <= LOOKS_BEFORE_USE) return;
      this.#written = form;
      this.#seen = 0;
      return log.info({ form }, 'data is written in this form from now on');
    }
    this.#agreed = form < own && readByAll(own) ? this.#agreed + 1 : 0;
    if (this.#agreed < LOOKS_BEFORE_RAISE) return;
    this.#agreed = 0;
    await recorded.raise(form, own);
    log.info({ form: own }, 'all services read the newer form of the data: it is recorded as such');
  }
}

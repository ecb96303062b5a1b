// One waiter, woken by whatever happens: what happens while nobody waits is not lost, and what happens ten times wakes once.

export class Wake {
  #set = false;
  #resolve: (() => void) | undefined;

  set(): void {
    this.#set = true;
    this.#resolve?.();
  }

  /** Resolves at the next `set`, or at once if there was one since the last `wait`. */
  async wait(): Promise<void> {
    if (!this.#set) await new Promise<void>((resolve) => (this.#resolve = resolve));
    this.#resolve = undefined;
    this.#set = false;
  }
}

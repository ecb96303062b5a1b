// Signals: what every instance hears and none may rely on. In one process they are an emitter.
import { EventEmitter } from 'node:events';
import type { Signal } from '#protocol/commands.ts';

export interface Signals {
  send(signal: Signal): void;
  /** Must not throw. */
  onSignal(listener: (signal: Signal) => void): void;
}

export class LocalSignals implements Signals {
  readonly #emitter = new EventEmitter();

  send(signal: Signal): void {
    this.#emitter.emit('signal', signal);
  }

  onSignal(listener: (signal: Signal) => void): void {
    this.#emitter.on('signal', listener);
  }
}

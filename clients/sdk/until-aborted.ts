// Waiting that a person may end.
import type { Timers } from './platform.ts';

/** What `promise` resolves with; throws the signal's reason once it is aborted before. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener('abort', stop));
}

/** Resolves after `ms`; throws the signal's reason if it is aborted before. */
export async function pause(ms: number, timers: Timers, signal: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  const cancel = timers.after(ms, over.resolve);
  try {
    await untilAborted(over.promise, signal);
  } finally {
    cancel();
  }
}

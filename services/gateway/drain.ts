// How a gateway that ends parts with its clients: serves on until whoever sends clients here has seen that it is not ready, then asks one
// after the other to go elsewhere, spread over a while. All at once, a few thousand would fall upon the other gateways in the same second.
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 10;

export type Drain = {
  /** For so long everybody is served as before. */
  readonly noticeMs: number;
  /** Over so long the clients are spread. */
  readonly moveMs: number;
  /** So long after that, who still waits for an answer is closed without it. */
  readonly patienceMs: number;
};

export type Leaving = {
  /** Ends it with `goElsewhere` once it waits for no answer; nothing more is read of it. */
  leave(): void;
  close(why: 'goElsewhere'): void;
};

export type DrainClock = {
  /** ms that no clock change moves */
  readonly monotonic: () => number;
  readonly random: (bytes: number) => Uint8Array;
};

/** Resolves once no client is left; `clients` loses each as it ends, and gets no new ones. */
export async function drain(
  clients: ReadonlySet<Leaving>,
  { noticeMs, moveMs, patienceMs }: Drain,
  { monotonic, random }: DrainClock,
): Promise<void> {
  const until = async (time: number): Promise<void> => {
    while (clients.size > 0 && monotonic() < time) await sleep(LOOK_MS);
  };
  const begin = monotonic() + noticeMs;
  await until(begin);
  const leaving = [...clients];
  for (const [place, client] of leaving.entries()) {
    // Each at a random moment of its own share of the time: gateways that end together do not beat time.
    const moment = (place + (random(1)[0] ?? 0) / 256) / leaving.length;
    await until(begin + moment * moveMs);
    client.leave();
  }
  await until(monotonic() + patienceMs);
  for (const client of [...clients]) client.close('goElsewhere');
}

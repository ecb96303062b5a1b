// NATS, which carries what may be lost: without it messages go on, presence and typing do not.

import { KIB } from '#protocol/limits.ts';
import { ConfigError } from '#runtime/config.ts';
import { lookAtNats, type NatsLook } from '#runtime/nats-look.ts';
import { about, type Finding } from './finding.ts';
import { hostsOf } from './secrets.ts';

const it = about('nats');

export async function natsFindings(url: string, timeoutMs: number): Promise<readonly Finding[]> {
  let look: NatsLook;
  try {
    look = await lookAtNats(url, timeoutMs);
  } catch (error) {
    if (error instanceof ConfigError) return [it.problem(error.message, 'Correct the setting natsUrl.')];
    const reason = error instanceof Error ? error.message : String(error);
    const todo =
      'Start it, or correct the setting natsUrl. Messages go on without it; who is online and who types is not seen.';
    return [it.problem(`NATS at ${hostsOf(url)} does not answer: ${reason}.`, todo)];
  }
  const { version, payloadMaxBytes, takesSignals, roundTripMs } = look;
  if (takesSignals) return [it.ok(`NATS ${version} answers in ${roundTripMs} ms.`)];
  const says = `NATS ${version} takes at most ${Math.floor(payloadMaxBytes / KIB)} KiB at once: long signals are lost.`;
  return [it.problem(says, 'Leave its max_payload at the default of 1 MiB.')];
}

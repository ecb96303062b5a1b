// Looks at a deployment's NATS from outside, for whoever asks whether all is well. Says nothing to anybody.
import { connect } from 'nats';
import { refusalOf, SIGNAL_MAX_BYTES } from './nats-signals.ts';
import { readNatsUrl } from './nats-url.ts';

export type NatsLook = {
  readonly version: string;
  /** Whether the longest signal fits into what it takes. */
  readonly takesSignals: boolean;
  readonly payloadMaxBytes: number;
  readonly roundTripMs: number;
};

/** Throws ConfigError (the URL, or what NATS says to it), or the driver's error if it does not answer in that time. */
export async function lookAtNats(url: string, patienceMs: number): Promise<NatsLook> {
  const server = readNatsUrl(url);
  const options = { ...server, name: 'parley doctor', timeout: patienceMs, reconnect: false };
  const connection = await connect(options).catch((error: unknown) => {
    throw refusalOf(error) ?? error;
  });
  try {
    const { version = 'unknown', max_payload: payloadMaxBytes = 0 } = connection.info ?? {};
    const roundTripMs = await connection.rtt();
    return { version, payloadMaxBytes, takesSignals: payloadMaxBytes >= SIGNAL_MAX_BYTES, roundTripMs };
  } finally {
    await connection.close();
  }
}

// Tickets for blobs, as a session asks for them. Anybody with a session may ask for any blob: its name is 32 random bytes, which only the messages carry
// that also carry its key. Whose an upload is, whoever serves blobs decides.

import type { ClientFrameOf } from '#protocol/frames/client.ts';
import type { Answer } from '#protocol/frames/server.ts';
import { RETENTION_DEFAULT_MS } from '#protocol/limits.ts';
import type { Tickets } from '#runtime/tickets.ts';

export type BlobRequest = ClientFrameOf<'blob.put' | 'blob.get'>;

export class TicketOffice {
  readonly #tickets: Tickets;
  readonly #ports: readonly number[];
  #answered = 0;

  /** `ports`: where clients reach blobs on this host, if not where they reach the gateway. Each ticket has the next one: who meets one that is down asks again. */
  constructor(tickets: Tickets, ports: readonly number[] = []) {
    this.#tickets = tickets;
    this.#ports = ports;
  }

  answer(
    frame: BlobRequest,
    { address, device }: { readonly address: string; readonly device: string },
  ): Answer<'blob.put'> {
    const { blob } = frame;
    const asked =
      frame.type === 'blob.put'
        ? ({ right: 'put', size: frame.size, retention: frame.retention ?? RETENTION_DEFAULT_MS } as const)
        : ({ right: 'get', size: 0, retention: 0 } as const);
    const ticket = this.#tickets.write({ ...asked, blob, address, device });
    const port = this.#ports[this.#answered % this.#ports.length];
    this.#answered += 1;
    return { ticket, ...(port === undefined ? {} : { port }) };
  }
}

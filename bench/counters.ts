// What the services themselves count: read from their /metrics.

/** What went through RabbitMQ: AMQP messages that services published for each other, the items in them, and their bytes. */
export type BusCounts = { readonly frames: number; readonly items: number; readonly bytes: number };

const NO_COUNTS: BusCounts = { frames: 0, items: 0, bytes: 0 };

/** The value of a counter without labels in Prometheus's text format. Throws if it is not there. */
export function readCounter(text: string, name: string): number {
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
  if (value === undefined) throw new Error(`A service has no counter ${name}.`);
  return Number(value);
}

/** The sum over services. `urls`: http://host:port of each. */
export async function busCounts(urls: readonly string[]): Promise<BusCounts> {
  const texts = await Promise.all(urls.map(async (url) => (await fetch(new URL('/metrics', url))).text()));
  return texts.reduce(
    ({ frames, items, bytes }, text) => ({
      frames: frames + readCounter(text, 'parley_bus_frames_total'),
      items: items + readCounter(text, 'parley_bus_items_total'),
      bytes: bytes + readCounter(text, 'parley_bus_bytes_total'),
    }),
    NO_COUNTS,
  );
}

/** What went through between two looks, for each delivery; and items for each message. */
export type BusRates = {
  readonly messagesPerDelivery: number;
  readonly bytesPerDelivery: number;
  readonly itemsPerFrame: number;
};

export function busRates(before: BusCounts, after: BusCounts, deliveries: number): BusRates {
  const frames = after.frames - before.frames;
  return {
    messagesPerDelivery: frames / deliveries,
    bytesPerDelivery: (after.bytes - before.bytes) / deliveries,
    itemsPerFrame: (after.items - before.items) / frames,
  };
}

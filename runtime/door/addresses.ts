// Which addresses nobody but this machine reaches, and which stand for all that it has.

export const LOOPBACK = /^((::ffff:)?127(\.\d{1,3}){3}|::1|localhost)$/;
/** Hosts that stand for every address of the machine, and which one of these to show. */
export const EVERY_ADDRESS: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

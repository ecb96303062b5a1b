// What a session does with blobs on the wire: asks for a ticket, and goes to the port that the answer names.
import { random64, type WirePerson } from '../wire-person.fixture.ts';

export { random64 };

export type BlobTicket = { readonly ticket: string; readonly url: string };

/** `url`: of the server, as its clients connect to it. Tickets as they come, one after the other, each in a session of its own. */
export async function blobTicket(
  person: WirePerson,
  url: string,
  asked: { type: 'blob.put'; blob: string; size: number } | { type: 'blob.get'; blob: string },
): Promise<BlobTicket> {
  const { ticket, port } = await person.answered(url, asked);
  const at = new URL('/blob', url.replace(/^ws/, 'http'));
  if (port !== undefined) at.port = String(port);
  return { ticket: String(ticket), url: at.href };
}

export function blobRequest({ ticket, url }: BlobTicket, method: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...init.headers, authorization: `Parley-Ticket ${ticket}` };
  return fetch(url, { ...init, method, headers });
}

export function addPart(to: BlobTicket, offset: number, body: Uint8Array<ArrayBuffer>): Promise<Response> {
  return blobRequest(to, 'PATCH', { headers: { 'upload-offset': String(offset) }, body });
}

// A TLS certificate: in files, and as it is really served.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { about, counted, type Finding } from './finding.ts';

const DAY_MS = 86_400_000;
/** Who renews by hand needs some weeks; what renews itself (30 days before) has failed by then. */
const WARN_BEFORE_MS = 21 * DAY_MS;
const DEFAULT_PORT = 443;

const it = about('certificate');
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs;
const RENEW = 'Renew it, and restart what serves it.';

/** Of the files that a gateway or HAProxy is given; the key may stand in the same one. `host`: what clients call the server. */
export function certificateFindings(certFile: string, keyFile: string, host: string, now: number): readonly Finding[] {
  const [text, key] = [read(certFile), read(keyFile)];
  for (const one of [text, key]) if (typeof one !== 'string') return [one];
  const chain = parseChain(String(text));
  const [leaf] = chain ?? [];
  if (!chain || !leaf) {
    return [
      it.problem(
        `${certFile} holds no certificate that can be read (PEM).`,
        'Put the whole chain into it, the own one first.',
      ),
    ];
  }
  const findings = [...keyFindings(leaf, certFile, String(key), keyFile), ...timeFindings(certFile, chain, now)];
  if (!(isIP(host) ? leaf.checkIP(host) : leaf.checkHost(host))) {
    findings.push(
      it.problem(
        `${certFile} is for ${namesOf(leaf)}, not for ${host}: clients refuse it.`,
        `Get one for ${host}, or let clients connect to one of these names.`,
      ),
    );
  }
  return findings;
}

function read(file: string): string | Finding {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return it.problem(
      `${file} cannot be read: ${reason}.`,
      'Correct the path, or let the user who runs the server read it.',
    );
  }
}

function parseChain(pem: string): readonly X509Certificate[] | undefined {
  try {
    return (pem.match(PEM_CERTIFICATE) ?? []).map((one) => new X509Certificate(one));
  } catch {
    return undefined; // not what it says
  }
}

function keyFindings(leaf: X509Certificate, certFile: string, key: string, keyFile: string): Finding[] {
  const todo = 'Give the key that the certificate was made for, as PEM without a password.';
  try {
    if (leaf.checkPrivateKey(createPrivateKey(key))) return [];
    return [it.problem(`The key in ${keyFile} is not the one of ${certFile}.`, todo)];
  } catch {
    return [it.problem(`${keyFile} holds no private key that can be read.`, todo)];
  }
}

/** The whole chain lasts as long as the first of it that ends. */
function timeFindings(what: string, chain: readonly X509Certificate[], now: number): Finding[] {
  const begins = Math.max(...chain.map(({ validFrom }) => Date.parse(validFrom)));
  const ends = Math.min(...chain.map(({ validTo }) => Date.parse(validTo)));
  return [validity(what, begins, ends, now)];
}

function validity(what: string, begins: number, ends: number, now: number): Finding {
  const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
  const days = Math.floor((ends - now) / DAY_MS);
  if (now < begins)
    return it.problem(
      `${what} begins on ${day(begins)}: until then clients refuse it.`,
      'Set the clock right, or wait.',
    );
  if (now >= ends) return it.problem(`${what} ended on ${day(ends)}: clients refuse it.`, RENEW);
  const says = `${what} ends on ${day(ends)}, in ${counted(days, 'day')}.`;
  return ends - now < WARN_BEFORE_MS ? it.warning(says, RENEW) : it.ok(says);
}

function namesOf({ subjectAltName, subject }: X509Certificate): string {
  return subjectAltName?.replace(/(DNS|IP Address):/g, '') ?? subject ?? 'no name';
}

/** What a server at this wss:// URL shows to clients. Undefined if nobody answers there, which the door's check says. */
export async function servedFindings(url: string, timeoutMs: number, now: number): Promise<readonly Finding[]> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const seen = await handshake(host, Number(port) || DEFAULT_PORT, timeoutMs);
  if (!seen) return [];
  const { certificate, refused } = seen;
  const findings = [
    validity(`The certificate at ${url}`, Date.parse(certificate.valid_from), Date.parse(certificate.valid_to), now),
  ];
  if (refused !== undefined && findings.every(({ level }) => level !== 'problem')) {
    const todo =
      'Serve the whole chain of a known authority for this name, or give clients the private one (NODE_EXTRA_CA_CERTS).';
    findings.push(it.problem(`Clients refuse the certificate at ${url}: ${refused}.`, todo));
  }
  return findings;
}

/** `refused`: why a client would not go on; the connection ends before anything is sent. */
function handshake(
  host: string,
  port: number,
  timeoutMs: number,
): Promise<{ readonly certificate: PeerCertificate; readonly refused: string | undefined } | undefined> {
  return new Promise((resolve) => {
    // It is not trusted, only looked at: what clients would say to it is among what is looked for.
    const options = {
      host,
      port,
      timeout: timeoutMs,
      rejectUnauthorized: false,
      ...(isIP(host) ? {} : { servername: host }) /* an address is no server name */,
    };
    const socket: TLSSocket = connect(options, () => {
      const certificate = socket.getPeerCertificate();
      const reason: unknown = socket.authorizationError; // a code, whatever its type says
      resolve({ certificate, refused: socket.authorized ? undefined : String(reason) });
      socket.destroy();
    });
    for (const event of ['error', 'timeout', 'close'] as const) {
      socket.once(event, () => {
        resolve(undefined);
        socket.destroy();
      });
    }
  });
}

// The limit of bench/files.ts: an HTTP server as anybody would write it, without parts, tickets, seals or checks. PUT stores the body in one file,
// which is synced once, at its end; GET sends it. Argument: the file.
import { createReadStream, createWriteStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

const [path = ''] = process.argv.slice(2);
const server = createServer((request, response) => {
  const done =
    request.method === 'PUT'
      ? // `flush` syncs it before it is closed.
        pipeline(request, createWriteStream(path, { flush: true })).then(() => response.writeHead(204).end())
      : pipeline(createReadStream(path), response);
  done.catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => {
  // The first word that a benchmark looks for is the address of a WebSocket server.
  process.stdout.write(`Plain HTTP listens on ws://127.0.0.1:${(server.address() as AddressInfo).port}\n`); // it listens on a port
});

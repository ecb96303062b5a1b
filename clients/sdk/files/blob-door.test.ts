import { expect, test } from 'vitest';
import { blobUrl } from './blob-door.ts';

test.each([
  ['ws://127.0.0.1:7070', undefined, 'http://127.0.0.1:7070/blob'],
  ['ws://127.0.0.1:7070', 7072, 'http://127.0.0.1:7072/blob'],
  ['wss://chat.example.org', undefined, 'https://chat.example.org/blob'],
  ['wss://chat.example.org/some/path?and=more', 7443, 'https://chat.example.org:7443/blob'],
  ['wss://[::1]:443', undefined, 'https://[::1]/blob'],
])('blobs of a session at %s, with port %s, are at %s', (server, port, url) => {
  expect(blobUrl(server, port)).toBe(url);
});

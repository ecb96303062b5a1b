// Image files of each kind, and broken ones, made as tests need them.
import { deflateSync } from 'node:zlib';
import { PhotonImage } from '@silvia-odwyer/photon-node';
import type { Pixels } from './pixels.ts';
import { chunk, png } from './png.ts';

type Colour = readonly [number, number, number];
export const RED: Colour = [255, 0, 0];
export const BLUE: Colour = [0, 0, 255];

/** Red on the left, blue on the right. */
export function twoColours(width: number, height: number): Pixels {
  const pixels = new Uint8Array(width * height * 3);
  for (let at = 0; at < width * height; at++) pixels.set(at % width < width / 2 ? RED : BLUE, at * 3);
  return { width, height, pixels };
}

export function colourAt({ width, pixels }: Pixels, x: number, y: number): number[] {
  return [...pixels.subarray((y * width + x) * 3, (y * width + x + 1) * 3)];
}

export const pngFile = (width: number, height: number) => png(twoColours(width, height));

export function jpegFile(width: number, height: number, orientation?: number): Buffer {
  const plain = Buffer.from(decoded(width, height).get_bytes_jpeg(95));
  if (orientation === undefined) return plain;
  // An EXIF segment that says nothing else, behind the mark that begins the file.
  const exif = Buffer.from(
    '457869660000 4d4d002a00000008 0001 0112 0003 00000001 00000000 00000000'.replaceAll(' ', ''),
    'hex',
  );
  exif.writeUInt16BE(orientation, 24);
  const segment = Buffer.concat([Buffer.from([0xff, 0xe1, 0, exif.length + 2]), exif]);
  return Buffer.concat([plain.subarray(0, 2), segment, plain.subarray(2)]);
}

export const webpFile = (width: number, height: number) => Buffer.from(decoded(width, height).get_bytes_webp());

/** Two frames of one pixel each: red, then blue. */
export const GIF_FILE = Buffer.from(
  [
    '474946383961 0100 0100 80 00 00 ff0000 0000ff',
    '2c 0000 0000 0100 0100 00 02 02 4401 00',
    '2c 0000 0000 0100 0100 00 02 02 4c01 00 3b',
  ]
    .join('')
    .replaceAll(' ', ''),
  'hex',
);

/** A PNG that says to be of this size, whatever it is. */
export function lyingPng(width: number, height: number): Buffer {
  const file = pngFile(2, 2);
  const header = Buffer.from(file.subarray(16, 29));
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  return Buffer.concat([file.subarray(0, 8), chunk('IHDR', header), file.subarray(33)]);
}

/** A PNG of two pixels by two, in which so many bytes come out of the compressed rows. */
export function swollenPng(bytes: number): Buffer {
  const file = pngFile(2, 2);
  const end = file.subarray(file.length - 12);
  return Buffer.concat([file.subarray(0, 33), chunk('IDAT', deflateSync(Buffer.alloc(bytes))), end]);
}

/** A WebP that says to be of ten pixels by ten, and has 16,384 by 16,384 of one colour, in some 60 bytes. */
export function bombWebp(): Buffer {
  const canvas = Buffer.from('00000000 090000 090000'.replaceAll(' ', ''), 'hex');
  // Lossless, 14 bits a side, then five codes of one symbol each, which take no bits.
  const pixels = Buffer.from('2fffffff1f 888808'.replaceAll(' ', '').padEnd(40, '0'), 'hex');
  const chunks = Buffer.concat([riffChunk('VP8X', canvas), riffChunk('VP8L', pixels)]);
  return riffChunk('RIFF', Buffer.concat([Buffer.from('WEBP', 'latin1'), chunks]));
}

function riffChunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(type, 'latin1');
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
}

function decoded(width: number, height: number): PhotonImage {
  return PhotonImage.new_from_byteslice(pngFile(width, height));
}

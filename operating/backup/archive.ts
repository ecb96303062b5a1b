// The form of a backup: one file, written and read as a stream, whatever its size.
//
//   gzip of   frames: u8 kind ‖ u32 length ‖ bytes     MANIFEST first, then for each section SECTION and its DATA, END last
//   then      SHA-256 of all that (32 bytes)
//
// What cannot be made smaller is put into the gzip as it is: to try would take thirty times as long (9 to 285 MiB/s, measured).
// The sum stands outside, so that no byte of the file may change, not even one that gzip overlooks. It shows accidents; whoever can write to
// the file on purpose can write the sum, too.
import { createHash } from 'node:crypto';
import { Readable, Transform } from 'node:stream';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { ZodError } from 'zod';
import { MIB } from '#protocol/limits.ts';
import { StartError } from '#runtime/start-error.ts';
import { type Counts, countsSchema, type Manifest, manifestSchema } from './manifest.ts';

const SUM_BYTES = 32;
const FRAME_HEAD_BYTES = 5;
/** What every gzip file begins with. */
const GZIP = Buffer.from([0x1f, 0x8b]);
/** A document of MongoDB has at most 16 MiB. */
const FRAME_MAX_BYTES = 17 * MIB;
/** Frames are handed to gzip in pieces of about so much. */
const PIECE_BYTES = 256 * 1024;

/** Stands between frames: those behind it cannot be made smaller. */
const INCOMPRESSIBLE = Symbol();

const MANIFEST = 1;
const SECTION = 2;
const DATA = 3;
const END = 4;

/**
 * What an archive is made of, between its manifest and its end. `section`: what follows is of the table, collection or file of that name. `incompressible`: it and
 * what comes after cannot be made smaller.
 */
export type Part = { readonly section: string; readonly incompressible?: true } | { readonly data: Uint8Array };
/** `counts`: rows or documents by table or collection. */
export type Read = { readonly manifest: Manifest } | Part | { readonly counts: Counts };

/** The bytes of an archive. `counts` is asked when all parts are through. */
export function writeArchive(manifest: Manifest, parts: AsyncIterable<Part>, counts: () => Counts): Readable {
  const zipped = Readable.from(membersOf(framesOf(manifest, parts, counts)), { objectMode: false });
  const summed = zipped.pipe(adding());
  zipped.on('error', (error) => summed.destroy(error)); // pipe() passes no errors on
  return summed;
}

/** Reads an archive, and throws StartError where it is none, or not whole: only who has come to the counts knows that all was good. */
export async function* readArchive(source: Readable, name: string): AsyncGenerator<Read> {
  const sum = { isRight: false };
  const unsummed = source.pipe(checking(sum));
  const unzipped = unsummed.pipe(createGunzip());
  source.on('error', (error) => unsummed.destroy(error));
  unsummed.on('error', (error) => unzipped.destroy(error));
  let counts: Counts | undefined;
  try {
    for await (const { kind, bytes } of framesIn(unzipped)) {
      if (counts) throw new Damaged('something follows its end');
      if (kind === MANIFEST) yield { manifest: manifestSchema.parse(JSON.parse(bytes.toString())) };
      else if (kind === SECTION) yield { section: bytes.toString() };
      else if (kind === DATA) yield { data: bytes };
      else if (kind === END) counts = countsSchema.parse(JSON.parse(bytes.toString()));
      else throw new Damaged(`it has a part of the unknown kind ${kind}`);
    }
    // Gunzip ends by itself where something follows that is no gzip: then the sum was never reached.
    if (!counts || !sum.isRight) throw new Damaged('its end is missing');
    yield { counts };
  } catch (error) {
    throw asDamaged(error, name);
  } finally {
    source.destroy();
  }
}

class Damaged extends Error {}
class NoBackup extends Error {}

function asDamaged(error: unknown, name: string): unknown {
  if (error instanceof NoBackup) {
    return new StartError(`${name} is no backup of Parley. Give the file that npm run backup wrote.`);
  }
  if (!(error instanceof Error)) return error;
  const isOfZlib = 'code' in error && String(error.code).startsWith('Z_');
  const isDamaged = isOfZlib || [Damaged, ZodError, SyntaxError].some((kind) => error instanceof kind);
  if (!isDamaged) return error;
  return new StartError(`${name} is damaged or cut off (${error.message.split('\n')[0]}). Use another backup.`);
}

async function* framesOf(
  manifest: Manifest,
  parts: AsyncIterable<Part>,
  counts: () => Counts,
): AsyncGenerator<Buffer | typeof INCOMPRESSIBLE> {
  let isDense = false;
  yield* frame(MANIFEST, Buffer.from(JSON.stringify(manifest)));
  for await (const part of parts) {
    if ('data' in part) yield* frame(DATA, part.data);
    else {
      if (part.incompressible && !isDense) yield INCOMPRESSIBLE;
      isDense ||= part.incompressible === true;
      yield* frame(SECTION, Buffer.from(part.section));
    }
  }
  yield* frame(END, Buffer.from(JSON.stringify(counts())));
}

function* frame(kind: number, bytes: Uint8Array): Generator<Buffer> {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUInt8(kind);
  head.writeUInt32BE(bytes.length, 1);
  yield head;
  yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The gzip in members: a second one, which only wraps, from the mark on. */
async function* membersOf(frames: AsyncGenerator<Buffer | typeof INCOMPRESSIBLE>): AsyncGenerator<Buffer> {
  let level: number = constants.Z_DEFAULT_COMPRESSION;
  let isOver = false;
  async function* upToMark(): AsyncGenerator<Buffer> {
    for (let next = await frames.next(); !next.done; next = await frames.next()) {
      if (next.value === INCOMPRESSIBLE) {
        level = constants.Z_NO_COMPRESSION;
        return;
      }
      yield next.value;
    }
    isOver = true;
  }
  while (!isOver) {
    const pieces = Readable.from(inPieces(upToMark()), { objectMode: false });
    const zipped = pieces.pipe(createGzip({ level }));
    pieces.on('error', (error) => zipped.destroy(error));
    yield* zipped;
  }
}

async function* inPieces(buffers: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let piece: Buffer[] = [];
  let length = 0;
  for await (const buffer of buffers) {
    piece.push(buffer);
    length += buffer.length;
    if (length < PIECE_BYTES) continue;
    yield Buffer.concat(piece, length);
    [piece, length] = [[], 0];
  }
  if (length > 0) yield Buffer.concat(piece, length);
}

async function* framesIn(source: AsyncIterable<Buffer>): AsyncGenerator<{ kind: number; bytes: Buffer }> {
  let pieces: Buffer[] = [];
  let length = 0;
  let needed = FRAME_HEAD_BYTES;
  for await (const piece of source) {
    pieces.push(piece);
    length += piece.length;
    if (length < needed) continue;
    let rest = Buffer.concat(pieces, length);
    for (needed = neededBy(rest); rest.length >= needed; needed = neededBy(rest)) {
      yield { kind: rest.readUInt8(), bytes: rest.subarray(FRAME_HEAD_BYTES, needed) };
      rest = rest.subarray(needed);
    }
    [pieces, length] = [[rest], rest.length];
  }
  if (length > 0) throw new Damaged('it ends within a part');
}

/** How many bytes the frame has that begins here, as far as that can be seen. */
function neededBy(bytes: Buffer): number {
  if (bytes.length < FRAME_HEAD_BYTES) return FRAME_HEAD_BYTES;
  const length = bytes.readUInt32BE(1);
  if (length > FRAME_MAX_BYTES) throw new Damaged(`it has a part of ${length} bytes`);
  return FRAME_HEAD_BYTES + length;
}

function adding(): Transform {
  const sum = createHash('sha256');
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sum.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      done(null, sum.digest());
    },
  });
}

/** Passes on all but the sum; fails at the end if it is another. */
function checking(found: { isRight: boolean }): Transform {
  const sum = createHash('sha256');
  let held: Buffer = Buffer.alloc(0);
  let summed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const all = Buffer.concat([held, chunk]);
      if (summed === 0 && all.length >= GZIP.length && !all.subarray(0, GZIP.length).equals(GZIP))
        return done(new NoBackup());
      summed += Math.max(0, all.length - SUM_BYTES);
      const ready = all.subarray(0, Math.max(0, all.length - SUM_BYTES));
      held = all.subarray(ready.length);
      sum.update(ready);
      done(null, ready);
    },
    flush(done) {
      found.isRight = sum.digest().equals(held);
      done(found.isRight ? null : new Damaged('its checksum is another'));
    },
  });
}

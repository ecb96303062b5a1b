// Encryption of every record at rest: secretbox under a key of the profile with a random nonce; the plaintext begins with the record's own place,
// which is compared on reading, so that records cannot be exchanged. Large records have a cipher of their own (crypto/bulk.ts). Names (conversations, addresses, ids) become keyed hashes.
// A transaction keeps the records that it touched: a batch of 64 messages of one conversation reads and writes that conversation once.
import { ByteReader, ByteWriter, concat, encodeText, equalBytes } from '#protocol/bytes.ts';
import { sha512 } from '#protocol/hash.ts';
import type { BulkCipher, BulkCipherOf } from '../crypto/bulk.ts';
import { openSecretbox, secretbox } from '../crypto/nacl.ts';
import type { Random } from '../platform.ts';
import { decodeRecord, writeRecord } from './codec.ts';
import { damaged } from './problems.ts';
import type { ProfileStorage, Range, SpaceNumber, StorageReader, StorageWriter } from './storage.ts';

/** A space and the type of its records. `holds` is never set: it carries the type. `bulk`: its records are large. */
export type Space<T> = { readonly number: SpaceNumber; readonly bulk?: true; readonly holds?: T };

export type SealedRecordsDeps = {
  readonly storage: ProfileStorage;
  readonly random: Random;
  readonly bulk: BulkCipherOf;
};

const NAME_BYTES = 16;
const NONCE_BYTES = 24;
/** Nonces are drawn this many at a time: a call for each costs as much as a tenth of the encryption. */
const NONCES_A_DRAW = 64;
const KEY_BYTES = 32;

export interface RecordReader {
  get<T>(space: Space<T>, key: Uint8Array): Promise<T | undefined>;
  range<T>(space: Space<T>, range: Range): Promise<{ readonly key: Uint8Array; readonly value: T }[]>;
  count(space: Space<unknown>): Promise<number>;
}

/** Writes are kept until the transaction ends, or until a range or count of their space is asked for. Values must not be changed after `put`. */
export interface RecordWriter extends RecordReader {
  put<T>(space: Space<T>, key: Uint8Array, value: T): void;
  delete(space: Space<unknown>, key: Uint8Array): void;
}

/** All records of one profile, under keys derived from its key (32 bytes). */
export class SealedRecords {
  readonly #storage: ProfileStorage;
  readonly #random: Random;
  readonly #bulk: BulkCipher;
  readonly #recordKey: Uint8Array;
  readonly #nameKey: Uint8Array;
  readonly #bulkKey: Uint8Array;
  #nonces: Uint8Array = new Uint8Array(0);

  constructor({ storage, random, bulk }: SealedRecordsDeps, profileKey: Uint8Array) {
    this.#storage = storage;
    this.#random = random;
    this.#recordKey = derive('records', profileKey);
    this.#nameKey = derive('names', profileKey);
    this.#bulkKey = derive('bulk', profileKey);
    this.#bulk = bulk(this.#bulkKey);
  }

  /** What was overwritten or deleted before is gone for good (storage.ts). */
  scrub(): Promise<void> {
    return this.#storage.scrub();
  }

  read<T>(work: (records: RecordReader) => Promise<T>): Promise<T> {
    return this.#storage.read((tx) => work(new ReadTransaction(this, tx)));
  }

  /** All or nothing; `storage` is the same transaction, for the one record that is not encrypted. */
  write<T>(work: (records: RecordWriter, storage: StorageWriter) => Promise<T>): Promise<T> {
    return this.#storage.write(async (tx) => {
      const records = new WriteTransaction(this, tx);
      const result = await work(records, tx);
      await records.flush();
      return result;
    });
  }

  /** 16 bytes that name these parts in this profile alone: truncated SHA-512 of a secret key and the parts, each with its length. */
  name(label: string, ...parts: readonly (string | number)[]): Uint8Array {
    const writer = new ByteWriter(256).raw(this.#nameKey).text(label);
    for (const part of parts) {
      if (typeof part === 'number') writer.u64(part);
      else writer.text(part);
    }
    return sha512(writer.finish()).slice(0, NAME_BYTES);
  }

  /** n ‖ secretbox(u8 space ‖ LP(key) ‖ record), or the box of the bulk cipher. */
  seal(space: Space<unknown>, key: Uint8Array, value: unknown): Uint8Array {
    const plain = writeRecord(new ByteWriter(1_024).u8(space.number).lp(key), value).finish();
    if (space.bulk) {
      const nonce = this.#random(this.#bulk.nonceBytes);
      return concat(nonce, this.#bulk.seal(plain, nonce));
    }
    const nonce = this.#nextNonce();
    return concat(nonce, secretbox(plain, nonce, this.#recordKey));
  }

  open(space: Space<unknown>, key: Uint8Array, stored: Uint8Array): unknown {
    const plain = space.bulk ? this.#openBulk(stored) : this.#openSmall(stored);
    if (plain === undefined) throw damaged('a record does not decrypt');
    const reader = new ByteReader(plain);
    if (reader.u8() !== space.number || !equalBytes(reader.lp(key.length), key))
      throw damaged('a record is not where it was written');
    return decodeRecord(reader.rest());
  }

  /** The keys are gone from memory; nothing can be read or written any more. */
  forget(): void {
    this.#recordKey.fill(0);
    this.#nameKey.fill(0);
    this.#bulkKey.fill(0);
  }

  #openSmall(stored: Uint8Array): Uint8Array | undefined {
    if (stored.length <= NONCE_BYTES) throw damaged('a record is too short');
    return openSecretbox(stored.subarray(NONCE_BYTES), stored.subarray(0, NONCE_BYTES), this.#recordKey);
  }

  #openBulk(stored: Uint8Array): Uint8Array | undefined {
    const { nonceBytes } = this.#bulk;
    if (stored.length <= nonceBytes) throw damaged('a record is too short');
    return this.#bulk.open(stored.subarray(nonceBytes), stored.subarray(0, nonceBytes));
  }

  #nextNonce(): Uint8Array {
    if (this.#nonces.length === 0) this.#nonces = this.#random(NONCE_BYTES * NONCES_A_DRAW);
    const nonce = this.#nonces.subarray(0, NONCE_BYTES);
    this.#nonces = this.#nonces.subarray(NONCE_BYTES);
    return nonce;
  }
}

function derive(use: string, profileKey: Uint8Array): Uint8Array {
  return sha512(concat(encodeText(`parley profile ${use}\0`), profileKey)).slice(0, KEY_BYTES);
}

class ReadTransaction implements RecordReader {
  protected readonly sealed: SealedRecords;
  readonly #tx: StorageReader;

  constructor(sealed: SealedRecords, tx: StorageReader) {
    this.sealed = sealed;
    this.#tx = tx;
  }

  async get<T>(space: Space<T>, key: Uint8Array): Promise<T | undefined> {
    const stored = await this.#tx.get(space.number, key);
    // The type that `put` of this space demanded; the encryption vouches that nobody else wrote it.
    return stored && (this.sealed.open(space, key, stored) as T);
  }

  async range<T>(space: Space<T>, range: Range): Promise<{ key: Uint8Array; value: T }[]> {
    const rows = await this.#tx.range(space.number, range);
    // As in `get`.
    return rows.map(({ key, value }) => ({ key, value: this.sealed.open(space, key, value) as T }));
  }

  count(space: Space<unknown>): Promise<number> {
    return this.#tx.count(space.number);
  }
}

type Touched = {
  readonly space: Space<unknown>;
  readonly key: Uint8Array;
  readonly value: unknown;
  readonly dirty: boolean;
};

class WriteTransaction extends ReadTransaction implements RecordWriter {
  readonly #writer: StorageWriter;
  readonly #touched = new Map<string, Touched>();

  constructor(sealed: SealedRecords, tx: StorageWriter) {
    super(sealed, tx);
    this.#writer = tx;
  }

  override async get<T>(space: Space<T>, key: Uint8Array): Promise<T | undefined> {
    const at = place(space.number, key);
    const known = this.#touched.get(at);
    // What `put` of this space, or `get` below, left here.
    if (known !== undefined) return known.value as T | undefined;
    const value = await super.get(space, key);
    this.#touched.set(at, { space, key, value, dirty: false });
    return value;
  }

  put<T>(space: Space<T>, key: Uint8Array, value: T): void {
    this.#touched.set(place(space.number, key), { space, key, value, dirty: true });
  }

  delete(space: Space<unknown>, key: Uint8Array): void {
    this.#touched.set(place(space.number, key), { space, key, value: undefined, dirty: true });
  }

  override async range<T>(space: Space<T>, range: Range): Promise<{ key: Uint8Array; value: T }[]> {
    await this.flush(space.number);
    return super.range(space, range);
  }

  override async count(space: Space<unknown>): Promise<number> {
    await this.flush(space.number);
    return super.count(space);
  }

  async flush(only?: SpaceNumber): Promise<void> {
    for (const [at, touched] of this.#touched) {
      const { space, key, value, dirty } = touched;
      if (!dirty || (only !== undefined && space.number !== only)) continue;
      this.#touched.set(at, { ...touched, dirty: false });
      if (value === undefined) await this.#writer.delete(space.number, key);
      else await this.#writer.put(space.number, key, this.sealed.seal(space, key, value));
    }
  }
}

function place(space: SpaceNumber, key: Uint8Array): string {
  return String.fromCharCode(space, ...key);
}

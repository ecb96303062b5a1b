// Uploads under way: a record each, and one for the hashes of each part, so that noting a part writes 2 KiB however large the file is.
import { concat } from '#protocol/bytes.ts';
import type { Context } from './context.ts';
import type { UploadOf, UploadsPart } from './profile.ts';
import type { RecordWriter } from './sealed-records.ts';
import { UPLOAD_PARTS, UPLOADS, under } from './spaces.ts';

export function uploadsPart({ records, places }: Context): UploadsPart {
  const keyOf = ({ place, size, retention }: UploadOf) => places.upload(place, size, retention);

  async function remove(tx: RecordWriter, key: Uint8Array): Promise<void> {
    tx.delete(UPLOADS, key);
    for (const part of await tx.range(UPLOAD_PARTS, under(key))) tx.delete(UPLOAD_PARTS, part.key);
  }

  return {
    resume: (of, claim, now) =>
      records.write(async (tx) => {
        const key = keyOf(of);
        const known = await tx.get(UPLOADS, key);
        if (known === undefined) return undefined;
        tx.put(UPLOADS, key, { ...known, claim, at: now });
        const parts = await tx.range(UPLOAD_PARTS, under(key));
        return { blob: known.blob, key: known.key, hashes: concat(...parts.map(({ value }) => value.hashes)) };
      }),

    begin: (of, claim, { blob, key: fileKey }, now) =>
      records.write(async (tx) => {
        const key = keyOf(of);
        await remove(tx, key);
        tx.put(UPLOADS, key, { blob, key: fileKey, claim, parts: 0, at: now });
      }),

    note: (of, claim, { part, hashes }, now) =>
      records.write(async (tx) => {
        const key = keyOf(of);
        const known = await tx.get(UPLOADS, key);
        if (known?.claim !== claim) return false;
        if (part !== known.parts) throw new RangeError(`Part ${part} is noted in place of ${known.parts}.`);
        tx.put(UPLOADS, key, { ...known, parts: part + 1, at: now });
        tx.put(UPLOAD_PARTS, places.uploadPart(key, part), { hashes });
        return true;
      }),

    forget: (of, claim) =>
      records.write(async (tx) => {
        const key = keyOf(of);
        if ((await tx.get(UPLOADS, key))?.claim === claim) await remove(tx, key);
      }),

    forgetAbandoned: (before) =>
      records.write(async (tx) => {
        const abandoned = (await tx.range(UPLOADS, {})).filter(({ value }) => value.at < before);
        for (const { key } of abandoned) await remove(tx, key);
        return abandoned.length;
      }),
  };
}

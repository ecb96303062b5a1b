// What a profile notes of uploads that are not whole yet, so that one is gone on with after a cut, by whichever process, and no key ever seals two
// different chunks at one place (PROTOCOL.md, Files).

/** Which file: where it is, its bytes, and how long the server will keep it (ms). The same file with another retention is another upload. */
export type UploadOf = { readonly place: string; readonly size: number; readonly retention: number };

/** `blob`, `key`: 32 bytes each. `hashes`: H of the chunks that were noted, from the first one, one after the other. */
export type Upload = { readonly blob: Uint8Array; readonly key: Uint8Array; readonly hashes: Uint8Array };

/** `claim`: random text of who uploads. One claim at a time holds: the last one that resumed or began. */
export interface UploadsPart {
  /** What is noted of this file, for this claim from now on: whoever had it can note nothing more. Undefined: nothing is. */
  resume(of: UploadOf, claim: string, now: number): Promise<Upload | undefined>;
  /** A new upload of this file, in place of what may be noted of it. */
  begin(of: UploadOf, claim: string, fresh: Pick<Upload, 'blob' | 'key'>, now: number): Promise<void>;
  /** Notes the hashes of part `part`, from 0 and in order, before anything of it leaves. False: the upload is not this claim's any more, and nothing was noted. */
  note(
    of: UploadOf,
    claim: string,
    noted: { readonly part: number; readonly hashes: Uint8Array },
    now: number,
  ): Promise<boolean>;
  /** Forgets the upload, with its key, if it is still this claim's. */
  forget(of: UploadOf, claim: string): Promise<void>;
  /** Forgets those that nobody began, resumed or added to since `before`. How many. */
  forgetAbandoned(before: number): Promise<number>;
}

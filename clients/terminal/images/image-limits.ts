// What is decoded at most of one image: beyond it a file is sent and saved like any other, and not drawn.

export const IMAGE_MAX_BYTES = 64 * 1024 * 1024;
/** By the size that its header claims, before anything is decoded: four bytes each while it is. */
export const IMAGE_MAX_PIXELS = 25_000_000;
export const DECODE_MAX_MS = 20_000;
/** Of the thread that decodes; the decoder's own memory is outside of it. */
export const DECODE_HEAP_MAX_MIB = 256;
/** Of the decoder, pages of 64 KiB: 448 MiB, whatever a file makes of it. 25 megapixels of 16 bits a colour took 380 MiB, all others less. */
export const DECODE_MEMORY_MAX_PAGES = 7_168;

// What is decoded at most of one image: beyond it a file is sent and saved like any other, and not drawn.

export const IMAGE_MAX_BYTES = 64 * 1024 * 1024;
/** By the size that its header claims, before anything is decoded: four bytes each while it is. */
export const IMAGE_MAX_PIXELS = 50_000_000;
export const DECODE_MAX_MS = 20_000;
/** Of the thread that decodes; pixels are outside of it, and bounded by the two above. */
export const DECODE_HEAP_MAX_MIB = 256;

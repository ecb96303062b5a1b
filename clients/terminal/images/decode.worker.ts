// One image, decoded in a thread of its own and made small there: what a bomb or a broken file can cost is this thread. It ends with its answer.
import { readFile, stat } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import type { DecodeAnswer, DecodeOrder } from './decode.ts';
import { DECODE_MEMORY_MAX_PAGES, IMAGE_MAX_BYTES, IMAGE_MAX_PIXELS } from './image-limits.ts';
import { fitting, type Pixels, type Size, upright } from './pixels.ts';

/** As image-size calls those that are decoded. */
const KINDS: readonly (string | undefined)[] = ['png', 'jpg', 'gif', 'webp'];
/** EXIF's orientations from this on exchange width and height. */
const TURNED_FROM = 5;
const UPRIGHT = 1;
const MEGA = 1_000_000;
/** What shines through shows paper. */
const PAPER = 255;

type Header = Size & { readonly orientation: number };

async function answer({ path, within }: DecodeOrder): Promise<DecodeAnswer> {
  const { size } = await stat(path);
  if (size > IMAGE_MAX_BYTES) {
    return {
      reason: `it has ${Math.ceil(size / MEGA)} MB; at most ${Math.floor(IMAGE_MAX_BYTES / MEGA)} are looked at`,
    };
  }
  const bytes = await readFile(path);
  const header = await headerOf(bytes);
  if (header === undefined) return { reason: 'it is no PNG, JPEG, GIF or WebP image' };
  const { orientation } = header;
  const pixelCount = header.width * header.height;
  if (pixelCount === 0) return { reason: 'it is an image without a pixel' };
  if (pixelCount > IMAGE_MAX_PIXELS) {
    return {
      reason: `its ${Math.ceil(pixelCount / MEGA)} megapixels are more than the ${IMAGE_MAX_PIXELS / MEGA} that are decoded here`,
    };
  }
  const turned = orientation >= TURNED_FROM;
  const room = turned ? { width: within.height, height: within.width } : within;
  const decoded = await decodedIn(bytes, header, room);
  if (decoded === undefined) return { reason: 'it is broken: it cannot be decoded' };
  const { width, height } = turned ? { width: header.height, height: header.width } : header;
  return { image: { width, height, pixels: upright(decoded, orientation) } };
}

/** What the file says of itself; undefined where it is none of those kinds. */
async function headerOf(bytes: Uint8Array): Promise<Header | undefined> {
  const { imageSize } = await import('image-size');
  try {
    const { type, width, height, orientation = UPRIGHT } = imageSize(bytes);
    return KINDS.includes(type) ? { width, height, orientation } : undefined;
  } catch {
    return undefined;
  }
}

/** Made to fit; undefined where the library gives up, or finds another size than the header says. */
async function decodedIn(bytes: Uint8Array, header: Header, room: Size): Promise<Pixels | undefined> {
  // Ahead of the import, which makes the memory. What a header says is not what a decoder finds: a WebP of 200 bytes took 1.1 GB.
  setFlagsFromString(`--wasm-max-mem-pages=${DECODE_MEMORY_MAX_PAGES}`);
  const { PhotonImage, resize, SamplingFilter } = await import('@silvia-odwyer/photon-node');
  try {
    const whole = PhotonImage.new_from_byteslice(bytes);
    if (whole.get_width() !== header.width || whole.get_height() !== header.height) return undefined;
    const { width, height } = fitting(header, room);
    const small = resize(whole, width, height, SamplingFilter.Triangle);
    return { width, height, pixels: onPaper(small.get_raw_pixels()) };
  } catch (error) {
    // A panic of the library: nothing of it can be used after that, and nothing is.
    if (error instanceof Error && error.name === 'RuntimeError') return undefined;
    throw error;
  }
}

/** Without its fourth channel. */
function onPaper(rgba: Uint8Array): Uint8Array {
  const pixels = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    const opacity = (rgba[from + 3] ?? 0) / 255;
    for (const channel of [0, 1, 2]) {
      pixels[to++] = Math.round((rgba[from + channel] ?? 0) * opacity + PAPER * (1 - opacity));
    }
  }
  return pixels;
}

// What decode.ts starts this with is an order.
parentPort?.postMessage(await answer(workerData as DecodeOrder));

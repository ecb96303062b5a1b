// The preview of an image that is sent: made by who sends it, so that who receives it decodes nothing.
import { PREVIEW_MAX_SIDE } from '#protocol/limits.ts';
import type { ImageInfo } from '../../sdk/index.ts';
import { type Decoded, decodeImage } from './decode.ts';
import { fitting, scaled } from './pixels.ts';

export const PREVIEW_WITHIN = { width: PREVIEW_MAX_SIDE, height: PREVIEW_MAX_SIDE };

/** What a message tells of an image in a file, by its absolute path; or why it is none, to go on after its name and a colon, without a full stop. */
export async function previewOf(path: string): Promise<ImageInfo | { readonly reason: string }> {
  const answer = await decodeImage({ path, within: PREVIEW_WITHIN });
  return 'reason' in answer ? answer : previewFrom(answer.image);
}

/** The same of one that is decoded. */
export function previewFrom({ width, height, pixels }: Decoded): ImageInfo {
  return { width, height, preview: scaled(pixels, fitting(pixels, PREVIEW_WITHIN)) };
}

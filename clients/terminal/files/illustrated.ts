// An image to send, with its size in pixels and its preview; any other file as it is. One that cannot be decoded is sent as other files are.
import type { FileSource } from '../../sdk/index.ts';
import { previewOf } from '../images/preview.ts';

/** `source.place`: its absolute path. */
export async function illustrated(source: FileSource): Promise<FileSource> {
  if (!source.type.startsWith('image/')) return source;
  const image = await previewOf(source.place);
  return 'reason' in image ? source : { ...source, image };
}

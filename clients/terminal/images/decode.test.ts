import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from './decode.ts';
import {
  BLUE,
  bombWebp,
  colourAt,
  GIF_FILE,
  jpegFile,
  lyingPng,
  pngFile,
  RED,
  swollenPng,
  webpFile,
} from './image-files.fixture.ts';
import { IMAGE_MAX_BYTES } from './image-limits.ts';
import { previewOf } from './preview.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-images-'));
});
afterAll(() => rm(folder, { recursive: true }));

const WITHIN = { width: 40, height: 40 };

async function file(bytes: Uint8Array, name = 'image'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

async function decoded(bytes: Uint8Array) {
  const answer = await decodeImage({ path: await file(bytes), within: WITHIN });
  if ('reason' in answer) return expect.fail(answer.reason);
  return answer.image;
}

async function reason(bytes: Uint8Array): Promise<string> {
  const answer = await decodeImage({ path: await file(bytes), within: WITHIN });
  return 'reason' in answer ? answer.reason : expect.fail('it was decoded');
}

describe('an image of one’s own', () => {
  it.each([
    ['PNG', pngFile(200, 100)],
    ['JPEG', jpegFile(200, 100)],
    ['WebP', webpFile(200, 100)],
  ])('that is a %s becomes pixels that fit, with the size of the whole', async (_kind, bytes) => {
    const { width, height, pixels } = await decoded(bytes);
    expect({ width, height }).toEqual({ width: 200, height: 100 });
    expect([pixels.width, pixels.height, pixels.pixels.length]).toEqual([40, 20, 40 * 20 * 3]);
    const near = (colour: number[], to: readonly number[]) =>
      expect(Math.max(...colour.map((value, channel) => Math.abs(value - (to[channel] ?? 0))))).toBeLessThan(12);
    near(colourAt(pixels, 2, 10), RED);
    near(colourAt(pixels, 37, 10), BLUE);
  });

  it('that moves is its first frame', async () => {
    expect((await decoded(GIF_FILE)).pixels).toEqual({ width: 1, height: 1, pixels: Uint8Array.from(RED) });
  });

  it('that a camera held on its side stands upright', async () => {
    const { width, height, pixels } = await decoded(jpegFile(200, 100, 6));
    expect([width, height, pixels.width, pixels.height]).toEqual([100, 200, 20, 40]);
    const [top, bottom] = [colourAt(pixels, 10, 2), colourAt(pixels, 10, 37)];
    expect([(top[0] ?? 0) > 240, (bottom[2] ?? 0) > 240]).toEqual([true, true]);
  });

  it('has a preview of 80 pixels a side at most, and never more than it has itself', async () => {
    expect(await previewOf(await file(pngFile(400, 1000)))).toMatchObject({
      ...{ width: 400, height: 1000 },
      preview: { width: 32, height: 80 },
    });
    expect(await previewOf(await file(pngFile(3, 2)))).toMatchObject({ preview: { width: 3, height: 2 } });
  });
});

describe('a file that is no image to look at', () => {
  it('is said to be none', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('a text'), Buffer.from('<svg width="9" height="9"/>')]) {
      expect(await reason(bytes)).toBe('it is no PNG, JPEG, GIF or WebP image');
    }
  });

  it('is not decoded where its header claims more pixels than are decoded', async () => {
    expect(await reason(lyingPng(60_000, 60_000))).toBe(
      'its 3600 megapixels are more than the 25 that are decoded here',
    );
  });

  it('is not read where it is too long', async () => {
    const path = await file(pngFile(2, 2), 'long.png');
    await truncate(path, IMAGE_MAX_BYTES + 1);
    expect(await decodeImage({ path, within: WITHIN })).toEqual({
      reason: 'it has 68 MB; at most 67 are looked at',
    });
  });

  it('costs a sentence where it is cut, or swells, or has other pixels than it says', async () => {
    const whole = pngFile(200, 200);
    const broken = [whole.subarray(0, whole.length / 2), lyingPng(900, 900), jpegFile(64, 64).subarray(0, 300)];
    for (const bytes of broken) expect(await reason(bytes)).toMatch(/^it (?:is broken: it )?cannot be decoded/);
    // What stands behind its last row is never unpacked.
    const answer = await decodeImage({ path: await file(swollenPng(2 ** 26)), within: WITHIN });
    expect('reason' in answer || answer.image.pixels.pixels.length === 12).toBe(true);
  });

  it('takes no more memory than decoders may, whatever its header hides', async () => {
    // 16,384 by 16,384 pixels were 1.1 GB, and all the time that there is.
    expect(await reason(bombWebp())).toBe('it is broken: it cannot be decoded');
  });

  it('costs a sentence whatever is wrong with it', async () => {
    const kinds = [pngFile(30, 20), jpegFile(30, 20), webpFile(30, 20), GIF_FILE];
    const damage = fc.record({ kind: fc.nat(kinds.length - 1), at: fc.nat(), byte: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(damage, async ({ kind, at, byte }) => {
        const bytes = Buffer.from(kinds[kind] ?? '');
        bytes[at % bytes.length] = byte;
        const answer = await decodeImage({ path: await file(bytes), within: WITHIN });
        expect('reason' in answer ? answer.reason : '').not.toContain('Error');
      }),
      { numRuns: 10 },
    );
  });

  it('that is not there is said likewise', async () => {
    expect(await decodeImage({ path: join(folder, 'none'), within: WITHIN })).toEqual({
      reason: 'it cannot be decoded here',
    });
  });
});

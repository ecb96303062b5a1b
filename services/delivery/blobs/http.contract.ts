// What clients are answered over HTTP, whatever the blobs are stored in.
import { describe } from 'vitest';
import { blobsHere, type OpenStore } from './http.fixture.ts';
import { boundsContract } from './http-bounds.contract.ts';
import { downloadContract } from './http-downloads.contract.ts';
import { uploadContract } from './http-uploads.contract.ts';

export function blobHttpContract(name: string, open: OpenStore): void {
  describe(name, () => {
    const here = blobsHere(open);
    uploadContract(here);
    downloadContract(here);
    boundsContract(here);
  });
}

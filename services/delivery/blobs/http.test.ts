import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '#runtime/store/sqlite.ts';
import { blobSchema, FileBlobStore } from './file-store.ts';
import { blobHttpContract } from './http.contract.ts';

blobHttpContract('blobs in files, over HTTP', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-blobs-'));
  const database = await openDatabase({ file: join(folder, 'parley.db'), schema: blobSchema });
  return {
    store: new FileBlobStore(database, join(folder, 'blobs')),
    async close() {
      await database.close();
      rmSync(folder, { recursive: true });
    },
  };
});

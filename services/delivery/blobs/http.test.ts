import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '#runtime/store/sqlite.ts';
import { openTestDatabase } from '../../../test/mongo.fixture.ts';
import { describeOn } from '../../../test/services.fixture.ts';
import { blobSchema, FileBlobStore } from './file-store.ts';
import { blobHttpContract } from './http.contract.ts';
import { MongoBlobStore } from './mongo-blob-store.ts';

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

describeOn('MONGO', 'a real MongoDB', (url) => {
  blobHttpContract('blobs in MongoDB, over HTTP', async () => {
    const database = await openTestDatabase(url);
    return { store: new MongoBlobStore(database.mongo), close: () => database.close() };
  });
});

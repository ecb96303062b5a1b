// What every profile does, on whatever storage: run by the tests of each storage.
import { accountContract } from './account.contract.ts';
import { eventsContract } from './events.contract.ts';
import { groupsContract } from './groups.contract.ts';
import { historyContract } from './history.contract.ts';
import { orderedContract } from './ordered.contract.ts';
import { profileOn } from './profile-on.fixture.ts';
import { readingContract } from './reading.contract.ts';
import { receivingContract } from './receiving.contract.ts';
import { searchContract } from './search.contract.ts';
import { sendingContract } from './sending.contract.ts';
import type { StoragePlace } from './storage.contract.ts';
import { uploadingContract } from './uploading.contract.ts';

export function profileContract(newPlace: () => StoragePlace): void {
  const on = profileOn(newPlace);
  accountContract(on);
  sendingContract(on);
  receivingContract(on);
  historyContract(on);
  readingContract(on);
  orderedContract(on);
  searchContract(on);
  eventsContract(on);
  groupsContract(on);
  uploadingContract(on);
}

import { describe } from 'vitest';
import { MemoryPlace, memoryStorage } from './memory-storage.ts';
import { profileContract } from './profile.contract.ts';
import { storageContract } from './storage.contract.ts';

function newPlace() {
  const place = new MemoryPlace();
  return { open: () => memoryStorage(place), remove() {} };
}

describe('memory storage', () => storageContract(newPlace));
describe('a profile in memory', () => profileContract(newPlace));

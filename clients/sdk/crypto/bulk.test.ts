import { describe } from 'vitest';
import { bulkContract } from './bulk.contract.ts';
import { bulkNacl } from './bulk.nacl.ts';
import { bulkNode } from './bulk.node.ts';

describe('tweetnacl', () => bulkContract(bulkNacl, '617c4a43b237a12b6a0f16124c1000704b0cf3'));
describe('node:crypto', () => bulkContract(bulkNode, '0fbeb63ac68c72ab424bd74c1af8ed3a65ae9a'));

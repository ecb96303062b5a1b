import { primitivesContract } from './primitives.contract.ts';
import { primitives as nacl } from './primitives.nacl.ts';
import { primitives as node } from './primitives.node.ts';

primitivesContract('tweetnacl', nacl);
primitivesContract('node:crypto', node);

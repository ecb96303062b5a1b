import { secretsContract } from './secrets.contract.ts';
import { secrets as nacl } from './secrets.nacl.ts';
import { secrets as node } from './secrets.node.ts';

secretsContract('tweetnacl', nacl);
secretsContract('node:crypto', node);

// Which Parley this is, as package.json says.
import packageFile from '../package.json' with { type: 'json' };

export const PARLEY_VERSION = packageFile.version;

// Empties dist/ before a package is made of it: a file whose source is gone would be published for ever.
import { rmSync } from 'node:fs';

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });

// Empties dist/ before a package is made of it: otherwise a file whose source was removed would still be published.
import { rmSync } from 'node:fs';

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });

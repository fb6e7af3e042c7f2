// Whether this Node.js can run the program. No syntax here that an old one would not take.

const LEAST_MAJOR = 24;

/** null when it can, else the one line to print. */
export function explainOldNode(version: string): string | null {
  if (Number(version.split('.')[0]) >= LEAST_MAJOR) return null;
  return (
    `spillway: expected Node.js ${LEAST_MAJOR} or newer, found ${version}; ` +
    'in a clone, `npm ci` brings the right one and `npm run spillway -- …` uses it, elsewhere install it from https://nodejs.org'
  );
}

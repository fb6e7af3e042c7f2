// Tells whether this Node.js can run the program. Uses no syntax that an old Node.js rejects.

const LEAST_MAJOR = 24;

/** @returns null when it can, else the line to print */
export function explainOldNode(version: string): string | null {
  if (Number(version.split('.')[0]) >= LEAST_MAJOR) return null;
  return (
    `spillway: expected Node.js ${LEAST_MAJOR} or newer, found ${version}; ` +
    'in a clone, `npm ci` brings the right one and `npm run spillway -- …` uses it, elsewhere install it from https://nodejs.org'
  );
}

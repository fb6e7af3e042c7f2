// Installs the programs that are missing: Debian packages as root, and npm packages by this folder's own lockfile,
// never into the main package.
import { spawnSync } from 'node:child_process';
import { findOnPath, PROGRAMS, whyMissing, type ProgramName } from './programs.ts';
import { repositoryDir } from './repository.ts';

/** What the servers and the measuring itself need, by the executable that shows it is there. */
const TOOLS = [
  { executable: 'nginx', packageName: 'nginx' },
  { executable: '/usr/lib/nginx/modules/ngx_http_echo_module.so', packageName: 'libnginx-mod-http-echo' },
  { executable: '/usr/bin/python3', packageName: 'python3' },
  { executable: 'taskset', packageName: 'util-linux' },
  { executable: 'ss', packageName: 'iproute2' },
] as const;

/** Debian packages that would have to be installed for everything to be measured. */
export function missingDebianPackages(): string[] {
  const programs = (Object.keys(PROGRAMS) as ProgramName[])
    .filter((name) => PROGRAMS[name].from === 'Debian' && whyMissing(name) !== null)
    .map((name) => PROGRAMS[name].packageName);
  const tools = TOOLS.filter(({ executable }) => findOnPath(executable) === null).map(
    ({ packageName }) => packageName,
  );
  return [...new Set([...tools, ...programs])];
}

/**
 * Installs what is missing.
 * @returns what could not be installed, each with the command that would do it; empty when all is there
 */
export function setUp(say: (line: string) => void): string[] {
  const problems: string[] = [];
  const packages = missingDebianPackages();
  if (packages.length > 0) {
    const install = ['install', '-y', '--no-install-recommends', ...packages];
    if (findOnPath('apt-get') === null)
      problems.push(`no apt-get here; install ${packages.join(', ')} by hand`);
    else if (process.getuid?.() !== 0) problems.push(`not root; run: sudo apt-get ${install.join(' ')}`);
    else {
      say(`apt-get ${install.join(' ')}`);
      // Debian starts nginx as a service on installation; the comparison wants its program alone.
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
      spawnSync('apt-get', ['update'], { stdio: 'inherit', env });
      if (spawnSync('apt-get', install, { stdio: 'inherit', env }).status !== 0) {
        problems.push(`apt-get ${install.join(' ')} failed`);
      }
    }
  }
  if (whyMissing('autocannon') !== null) {
    const words = ['ci', '--ignore-scripts', '--prefix', 'benchmarks/compare'];
    say(`npm ${words.join(' ')}`);
    if (spawnSync('npm', words, { cwd: repositoryDir, stdio: 'inherit' }).status !== 0) {
      problems.push(`npm ${words.join(' ')} failed`);
    }
  }
  return problems;
}

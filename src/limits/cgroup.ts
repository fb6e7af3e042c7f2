// Finds the control groups that hold this process, version 1 and 2, from its own group up to the highest
// visible one, because a limit on any of them applies. Does not know what a controller limits.
import type { FactReader } from './fact-reader.ts';

export type Controller = 'cpu' | 'memory' | 'pids';

export interface CgroupLevel {
  readonly version: 1 | 2;
  readonly directory: string;
}

interface Mount {
  readonly version: 1 | 2;
  /** The group that is visible at the mount point; not "/" inside many containers. */
  readonly root: string;
  readonly point: string;
  readonly options: readonly string[];
}

/**
 * Every directory whose files for `controller` may limit this process, innermost first, version 1 before 2. A
 * machine may have both at once. Null, with the reason kept for `fact`, when the groups or their files cannot
 * be seen.
 */
export function findCgroupLevels(
  reader: FactReader,
  controller: Controller,
  fact: string,
): CgroupLevel[] | null {
  const memberships = reader.text(fact, `${reader.proc}/self/cgroup`);
  if (memberships === null) return null;
  const mounts = parseMounts(reader.peek(`${reader.proc}/self/mountinfo`) ?? '', reader.cgroup);
  const levels: CgroupLevel[] = [];
  for (const line of memberships.split('\n')) {
    const [, hierarchy, controllers, path] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (hierarchy === undefined || controllers === undefined || path === undefined) continue;
    const version = hierarchy === '0' && controllers === '' ? 2 : 1;
    if (version === 1 && !controllers.split(',').includes(controller)) continue;
    for (const mount of candidates(mounts, version, controller, controllers, reader.cgroup)) {
      levels.push(...walkUp(mount, path));
    }
  }
  const visible = levels.filter(({ directory }) => reader.isDirectory(directory));
  if (visible.length === 0 && levels.length > 0)
    return reader.missing(fact, `none of the groups' directories is visible below ${reader.cgroup}`);
  return visible;
}

function candidates(
  mounts: readonly Mount[],
  version: 1 | 2,
  controller: Controller,
  controllers: string,
  cgroup: string,
): Mount[] {
  const found = mounts.find(
    (mount) => mount.version === version && (version === 2 || mount.options.includes(controller)),
  );
  if (found !== undefined) return [found];
  const points =
    version === 2 ? [cgroup] : [...new Set([`${cgroup}/${controllers}`, `${cgroup}/${controller}`])];
  return points.map((point) => ({ version, root: '/', point, options: [] }));
}

/** Lines of mountinfo: `id parent major:minor ROOT POINT options… - TYPE source SUPER-OPTIONS` (proc(5)). */
function parseMounts(mountinfo: string, cgroup: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of mountinfo.split('\n')) {
    const [left, right] = line.split(' - ');
    if (left === undefined || right === undefined) continue;
    const [, , , root, point] = left.split(' ');
    const [type, , options] = right.split(' ');
    if (root === undefined || point === undefined || (type !== 'cgroup' && type !== 'cgroup2')) continue;
    mounts.push({
      version: type === 'cgroup2' ? 2 : 1,
      root: unescape(root),
      point: unescape(point).replace(/^\/sys\/fs\/cgroup(?=\/|$)/, () => cgroup),
      options: (options ?? '').split(','),
    });
  }
  return mounts;
}

/** mountinfo writes space, tab, newline and backslash as three octal digits. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCodePoint(Number.parseInt(octal, 8)),
  );
}

function walkUp(mount: Mount, path: string): CgroupLevel[] {
  const below = mount.root === '/' ? path : path.startsWith(mount.root) ? path.slice(mount.root.length) : '';
  // A path with ".." is outside the name space of this process: only the mount point itself can be seen.
  const segments = below.split('/').filter((segment) => segment !== '');
  const visible = segments.includes('..') ? [] : segments;
  return Array.from({ length: visible.length + 1 }, (_, cut) => ({
    version: mount.version,
    directory: [mount.point, ...visible.slice(0, visible.length - cut)].join('/'),
  }));
}

// The fields of a request: ours, the caller's, and a login where one belongs. The caller's private fields go
// only to origins that the caller named: not to another origin after a redirect, and not to targets that a
// list API found.

import type { FetchRequestOptions } from '../../../model/fetch-task.ts';
import { basicLogin } from '../../../model/login.ts';
import { restFields } from './body-continuation.ts';
import { ACCEPT_ENCODING } from './content-decoder.ts';
import type { FetchJob } from './fetch-job.ts';

/** Fields of the caller that say nothing about who asks, and may go to any origin. */
const HARMLESS = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'pragma',
  'user-agent',
]);

export class FetchHeaders {
  readonly #home: string[];
  readonly #away: string[];
  readonly #logins: FetchRequestOptions['logins'];
  readonly #hasOwnLogin: boolean;
  readonly #hasRange: boolean;

  constructor({ userAgent, headers, logins, bytes }: FetchRequestOptions) {
    const own = new Set(headers.map(([name]) => name.toLowerCase()));
    const defaults = [
      ['user-agent', userAgent],
      ['accept', '*/*'],
      // Original bytes are read by others later, who know gzip; the newer codings are for bodies that are
      // decoded here.
      ['accept-encoding', bytes === 'decoded' ? ACCEPT_ENCODING : 'gzip'],
    ].filter(([name]) => !own.has(name as string));
    const harmless = headers.filter(([name]) => HARMLESS.has(name.toLowerCase()));
    this.#home = [...defaults, ...headers].flat();
    this.#away = [...defaults, ...harmless].flat();
    this.#logins = logins;
    this.#hasOwnLogin = own.has('authorization');
    this.#hasRange = own.has('range');
  }

  /** Names and values in turn, for the job's next request. */
  fieldsFor(job: FetchJob): string[] {
    const fields = this.#fieldsAt(job);
    const { continued } = job;
    if (continued === null && !job.wantsIdentity) return fields;
    const asIs = [...withoutEncoding(fields), 'accept-encoding', 'identity'];
    return continued === null ? asIs : [...asIs, ...restFields(continued)];
  }

  #fieldsAt(job: FetchJob): string[] {
    const fields = this.#ownFieldsAt(job);
    const cookies = job.cookies?.fieldFor(job.url) ?? null;
    if (cookies === null) return fields;
    const at = fields.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'cookie');
    // The caller's cookies come first, in one field with those of the redirect chain.
    return at < 0 ? [...fields, 'cookie', cookies] : fields.with(at + 1, `${fields[at + 1]}; ${cookies}`);
  }

  #ownFieldsAt(job: FetchJob): string[] {
    if (job.isAway) return this.#away;
    const isForeign = job.target.isForeign === true;
    const fields = isForeign ? this.#away : this.#home;
    const mayLogIn = this.#logins.length > 0 || job.mayHoldLogin;
    const login = (this.#hasOwnLogin && !isForeign) || !mayLogIn ? null : this.#loginFor(job);
    return login === null ? fields : [...fields, 'authorization', `Basic ${login}`];
  }

  /** Whether those fields have a Range, which only the caller may ask for. */
  askForPart(job: FetchJob): boolean {
    return this.#hasRange && !job.isAway && job.target.isForeign !== true;
  }

  /** The URL's own login, else the host's from netrc, else netrc's default; in base64. */
  #loginFor({ url, loginUrl, target }: FetchJob): string | null {
    const own = basicLogin(loginUrl);
    if (own !== null) return own;
    if (this.#logins.length === 0) return null;
    // The default of netrc is for origins that the caller named, which this one is not.
    const others = target.isForeign === true ? undefined : this.#logins.find(({ host }) => host === '');
    const found = this.#logins.find(({ host }) => host === url.hostname) ?? others;
    return found === undefined ? null : encodeLogin(found.login, found.password);
  }
}

function encodeLogin(login: string, password: string): string {
  return Buffer.from(`${login}:${password}`).toString('base64');
}

/** A coded body cannot be continued, so the request asks for no coding. */
function withoutEncoding(fields: readonly string[]): string[] {
  return fields.filter((_, at) => fields[at - (at % 2)]?.toLowerCase() !== 'accept-encoding');
}

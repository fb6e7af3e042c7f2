// Reads proxies from the environment variables that curl and others use, before anything starts: otherwise every
// target would fail by the same wrong value.

import { parseHttpUrl } from '../../model/http-url.ts';
import type { FetchOptions } from '../../runner/fetch/fetch-options.ts';

/**
 * @param problems gets a line for each variable that is no URL of a proxy, without its text, which may hold a login
 */
export function readProxies(
  environment: NodeJS.ProcessEnv,
  problems: string[],
): FetchOptions['request']['proxy'] {
  // In a CGI program a request's "Proxy" field could set HTTP_PROXY in upper case (CVE-2016-5385). This is no CGI
  // program, so both spellings are read.
  const find = (name: string): [name: string, text: string] => {
    const upper = name.toUpperCase();
    return environment[name] === undefined ? [upper, environment[upper] ?? ''] : [name, environment[name]];
  };
  const read = ([name, text]: [string, string]): string => {
    if (text === '') return '';
    // `host:port` without a scheme is common there, and curl takes it.
    const address = text.includes('://') ? text : `http://${text}`;
    const url = parseHttpUrl(address);
    if (url !== null) return url.href;
    const protocol = URL.parse(address)?.protocol;
    const found = protocol === undefined ? 'text that is no URL' : `a URL of ${protocol}`;
    problems.push(
      `${name} (environment): expected the URL of an HTTP proxy such as http://127.0.0.1:3128, found ${found}; mend it, unset it or give --proxy`,
    );
    return '';
  };
  return { http: read(find('http_proxy')), https: read(find('https_proxy')), except: find('no_proxy')[1] };
}

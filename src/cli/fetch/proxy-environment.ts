// The proxies that curl and others read from the environment, looked at before anything starts: what is wrong there would
// else be found out by every target in turn.

import { parseHttpUrl } from '../../model/http-url.ts';
import type { FetchOptions } from '../../runner/fetch/fetch-options.ts';

/**
 * @param problems gets a line for each variable that is no URL of a proxy; its text is not shown, for it may hold a login
 */
export function readProxies(
  environment: NodeJS.ProcessEnv,
  problems: string[],
): FetchOptions['request']['proxy'] {
  // Upper-case HTTP_PROXY is not ours to trust where a request's own "Proxy" field could have set it; a terminal is
  // no such place, but both spellings are read as everywhere else.
  const find = (name: string): [name: string, text: string] => {
    const upper = name.toUpperCase();
    return environment[name] === undefined ? [upper, environment[upper] ?? ''] : [name, environment[name]];
  };
  const read = ([name, text]: [string, string]): string => {
    if (text === '') return '';
    // `host:port` alone is as common there, and curl takes it.
    const address = text.includes('://') ? text : `http://${text}`;
    const url = parseHttpUrl(address);
    if (url !== null) return url.href;
    const protocol = URL.parse(address)?.protocol;
    const found = protocol === undefined ? 'what is no URL' : `a URL of ${protocol}`;
    problems.push(
      `${name} (environment): expected the URL of an HTTP proxy such as http://127.0.0.1:3128, found ${found}; mend it, unset it or give --proxy`,
    );
    return '';
  };
  return { http: read(find('http_proxy')), https: read(find('https_proxy')), except: find('no_proxy')[1] };
}

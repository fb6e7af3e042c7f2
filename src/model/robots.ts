// What is known about an origin's robots.txt, as sent between threads.

export interface RobotsAnswer {
  readonly origin: string;
  readonly rules: RobotsRules;
}

/** `none`: there is no such file, so everything is allowed (RFC 9309, section 2.3.1.3). */
export type RobotsRules =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'unavailable'; readonly detail: string };

// Builds HTML and SVG: text is always escaped, and only what was built here counts as markup.

import { escapeHtml } from './escape.ts';

/** Markup that `element` built and that may be put into other markup unchanged. */
export interface Markup {
  readonly html: string;
}

export type Child = Markup | string | null;
export type Attributes = Readonly<Record<string, string | number | null>>;

const VOID_ELEMENTS = new Set(['meta', 'link', 'br', 'col']);

/** One element. Strings among its children are text; attributes that are null are omitted. */
export function element(tag: string, attributes: Attributes = {}, ...children: readonly Child[]): Markup {
  const opened = Object.entries(attributes)
    .filter(([, value]) => value !== null)
    .map(
      ([name, value]) =>
        ` ${name}="${typeof value === 'number' ? coordinate(value) : escapeHtml(value as string)}"`,
    )
    .join('');
  if (VOID_ELEMENTS.has(tag)) return { html: `<${tag}${opened}>` };
  return { html: `<${tag}${opened}>${together(children).html}</${tag}>` };
}

/** Several pieces one after the other. */
export function together(children: readonly Child[]): Markup {
  return {
    html: children
      .map((child) => (child === null ? '' : typeof child === 'string' ? escapeHtml(child) : child.html))
      .join(''),
  };
}

/** A number with the precision a picture needs: one decimal of a pixel. */
export function coordinate(value: number): string {
  return String(Math.round(value * 10) / 10);
}

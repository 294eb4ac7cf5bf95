/** Makes, finds and changes elements. Text is always text: what comes from records is never read as HTML. */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Readonly<Record<string, string | number>>} Attributes */

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Attributes} attributes
 * @param {(Node | string)[]} children
 * @returns An HTML element with these attributes and children; a child that is a string is text.
 */
export function html(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/**
 * @template {keyof SVGElementTagNameMap} Name
 * @param {Name} name
 * @param {Attributes} attributes
 * @param {(Node | string)[]} children
 * @returns An SVG element, as {@link html} makes one of HTML.
 */
export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

/**
 * @template {Element} E
 * @param {E} element
 * @param {Attributes} attributes
 * @param {(Node | string)[]} children
 */
function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/**
 * @param {string} id
 * @returns The element of the page with this id.
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new TypeError(`Cannot find #${id}: the page has no such element`);
  return found;
}

/**
 * @param {string} id
 * @returns The input of the page with this id.
 */
export function inputById(id) {
  return /** @type {HTMLInputElement} */ (byId(id));
}

/**
 * @param {Element} parent
 * @param {string} selector
 * @returns The first element of these below another one, which has it.
 */
export function partOf(parent, selector) {
  const found = parent.querySelector(selector);
  if (found === null) throw new TypeError(`Cannot find ${selector}: the element was made without it`);
  return /** @type {HTMLElement | SVGElement} */ (found);
}

/**
 * Changes a text only when it is another: what has not changed is neither drawn nor read out again.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Brings a list's children in line with these keys. What stays is the same element, so that it keeps the
 * focus.
 *
 * @template {HTMLElement | SVGElement} E
 * @param {Element} parent All its children are made here.
 * @param {readonly string[]} keys
 * @param {(key: string) => E} make Makes the element of a key that is new.
 * @returns The elements, in the order of the keys.
 */
export function keyed(parent, keys, make) {
  const children = /** @type {E[]} */ ([...parent.children]);
  const known = new Map(children.map((child) => [child.dataset.key, child]));
  const wanted = new Set(keys);
  for (const child of children) if (!wanted.has(child.dataset.key ?? "")) child.remove();
  return keys.map((key, i) => {
    let child = known.get(key);
    if (child === undefined) {
      child = make(key);
      child.dataset.key = key;
    }
    if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] ?? null);
    return child;
  });
}

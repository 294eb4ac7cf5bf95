/** Makes and changes elements. Text is always text: what comes from records is never read as HTML. */

const SVG = "http://www.w3.org/2000/svg";

/** @returns An HTML element with these attributes and children; a child that is a string is text. */
export function html(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** @returns An SVG element, as {@link html} makes one of HTML. */
export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Changes a text only when it is another: what has not changed is neither drawn nor read out again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Brings a list's children in line with these keys. What stays is the same element, so that it keeps the
 * focus.
 *
 * @param make Makes the element of a key that is new.
 * @returns The elements, in the order of the keys.
 */
export function keyed(parent, keys, make) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const wanted = new Set(keys);
  for (const [key, child] of known) if (!wanted.has(key)) child.remove();
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

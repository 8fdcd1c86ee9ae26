// Texts of others in an address.
// @ts-check

/**
 * What a part of an address says; nothing where nobody wrote it.
 * @param {string} text
 */
export function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

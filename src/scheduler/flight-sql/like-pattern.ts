/** A filter pattern of metadata calls as a regular expression: `%` any text, `_` one character, `\` takes the next literally. */
export function likePattern(pattern: string): RegExp {
  let source = "";
  let escaped = false;
  for (const character of pattern) {
    if (!escaped && character === "\\") {
      escaped = true;
      continue;
    }
    if (!escaped && character === "%") source += ".*";
    else if (!escaped && character === "_") source += ".";
    else source += character.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
    escaped = false;
  }
  return new RegExp(`^${source}$`, "su");
}

const segmenter = new Intl.Segmenter();
const plain = /^[\u0020-\u007e]*$/;
const wide =
  /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|[\u3000-\u303e\uff01-\uff60\uffe0-\uffe6])/u;
const invisible = /^(?:\p{Mark}|\p{Format})+$/u;

/** Columns that a text takes in a terminal: East Asian characters and emoji take two, combining marks none. */
export function displayWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += wide.test(segment) ? 2 : invisible.test(segment) ? 0 : 1;
  return width;
}

/** A text on one line: control characters as escapes, so that a value cannot move the cursor. */
export function printable(text: string): string {
  if (plain.test(text)) return text;
  return text.replace(/[\p{Control}\u2028\u2029]/gu, (character) => {
    const named: Readonly<Record<string, string>> = {
      "\n": String.raw`\n`,
      "\r": String.raw`\r`,
      "\t": String.raw`\t`,
    };
    return named[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

export function padded(text: string, width: number, alignRight: boolean): string {
  const blanks = " ".repeat(Math.max(0, width - displayWidth(text)));
  return alignRight ? blanks + text : text + blanks;
}

import { QueryGenerator } from "./query-generator.ts";
import type { Random } from "./random.ts";
import { print, type Sql } from "./sql-tree.ts";

/** Pieces that may stand anywhere in a broken text: words, functions, numbers at the edges, and what no lexer likes. */
const pieces = [
  ..."select from where group by having order limit offset union all except intersect join left full on using as with lateral distinct not null in exists between like case when then else end and or is cast values true false any interval date timestamp explain analyze set show create view filter over partition rows".split(
    " ",
  ),
  ..."( ) , ; . * + - / % = <> < >= || :: [ ] { } ' \" $1 $2 -- /* */ \\ ? : @ # ~ ! ^ & |".split(" "),
  ..."0 1 -1 2147483648 9223372036854775808 99999999999999999999999999999999999999999 1e308 1e-400 0.00000000000000000000000000001 0x1f 'nan' '' 'a' '日本' e'\\n' x'ff' U&'a'".split(
    " ",
  ),
  ..."sum(*) count() avg(distinct 1) max(s) min(b) coalesce() substring(s,0,-1) lpad(s,100000000) repeat(s,1000000000) round(d1,50) chr(-1) chr(0) power(1e300,2) sqrt(-1) ln(0) extract(epoch from iv) date_trunc('x',ts) cast(s as int) cast(x8 as smallint) (select 1) (select s from few) row(1,2) array[1] t1.* big few mid none one t1 id s".split(
    " ",
  ),
];

/** A generated query with some of its tokens dropped, doubled, swapped or replaced; now and then a text of pieces only. */
export function mutate(random: Random): string {
  if (random.chance(10)) return Array.from({ length: random.between(1, 30) }, () => random.pick(pieces)).join(" ");
  const tree = new QueryGenerator(random).statement().sql;
  if (random.chance(60)) return print(transplant(random, transplant(random, tree)), "ours");
  const tokens: string[] = print(tree, "ours").match(/\s+|\w+|'[^']*'|./gsu) ?? [];
  for (let count = random.between(1, 4); count > 0 && tokens.length > 0; count--) {
    const at = random.below(tokens.length);
    switch (random.below(6)) {
      case 0:
        tokens.splice(at, random.between(1, 3));
        break;
      case 1:
        tokens.splice(at, 0, ` ${random.pick(pieces)} `);
        break;
      case 2:
        tokens.splice(at, 1, ` ${random.pick(pieces)} `);
        break;
      case 3:
        tokens.splice(at, 0, ...tokens.slice(at, at + random.between(1, 20)));
        break;
      case 4: {
        const other = random.below(tokens.length);
        [tokens[at], tokens[other]] = [tokens[other]!, tokens[at]!];
        break;
      }
      default:
        tokens.splice(at, 1, random.pick(tokens));
    }
  }
  if (random.chance(3)) tokens.push(String.fromCodePoint(random.pick([0, 7, 0x7f, 0xd7ff, 0xfeff, 0x1f600])));
  return tokens.join("");
}

const expressionTags = new Set("bool int dec float date time ts tz interval text blob approx".split(" "));

/** The tree with one expression replaced by another of it, of any type and from any scope: most often still well-formed. */
function transplant(random: Random, tree: Sql): Sql {
  const expressions = expressionsOf(tree);
  if (expressions.length === 0) return tree;
  const [victim, graft] = [random.pick(expressions), random.pick(expressions)];
  const replace = (node: Sql): Sql => (node === victim ? graft : { ...node, parts: node.parts.map(replace) });
  return replace(tree);
}

function expressionsOf(node: Sql): Sql[] {
  return [...(expressionTags.has(node.tag) ? [node] : []), ...node.parts.flatMap(expressionsOf)];
}

-- literals
select 1, -2147483648, 2147483648, 9223372036854775808, 1.50, .5, 5., 1e3, 1.5e-3, 1e30, 1e60, 1_000, 0x1F
select 'text', null, true, '1' || 'a', 1 || 'a', null || 'a'
select date '2020-01-31', timestamp '2020-01-31 10:00', time '10:00', interval '3' month, interval '1-2' year to month, interval '1:30' minute to second, interval '3 04' day to hour, interval '1 year 2 months' year, interval '90 days'
-- unknown literals take the other side's type
select a = '1', d > '2020-01-01', x < '1.5', s = 'x', f = '1e3', '2020-01-01' = d, flag = 't', d + '1 day', d - '2020-01-01' from t
select a + 1, b + a, x * 2, x * x, a / 2, x / 3, f + a, a % 2, d + 1, d - d, d + interval '1' day, 1 + d, -a, +a, - x, a ^ 2 from t
-- three-valued logic
select a > 1 and b > 1 or not flag, flag and null, a is null, b is not null, flag is true, flag is not false, flag is unknown, a is distinct from b, a is not distinct from null from t
select a between 1 and 2, a not between b and 3, a between symmetric 3 and 1, d between '2020-01-01' and '2020-12-31', (a, b) between (1, 2) and (3, 4) from t
select a in (1, 2, 3), a not in (1, null), a in (1, b), a in (1.5, 2), x in (1, 2.50), x in (1.005), d in ('2020-01-01', '2020-01-02'), s in ('a', 'b'), s in ('a'), a in ('1', 2), b in (1, 5000000000) from t
select (a, b) = (1, 2), (a, b) <> (1, 2), (a, b) < (1, 2), (a, b, s) >= (1, 2, 'x'), (a, s) in ((1, 'x'), (2, 'y')), (a, s) not in ((1, 'x')) from t
select a = any (array[1, 2]), a <> all (array[1, 2]), a > any (array[b, 3]), s like any (array['a%', 'b%']) from t
-- patterns
select s like 'a%', s not like 'a%', s ilike 'A%', s like 'a!%' escape '!', s not ilike s from t
-- conditionals
select case when a > 1 then 'x' when b > 1 then 'y' end, case a when 1 then 1.5 when 2 then 2 else null end, case s when 'x' then 1 else a end from t
select coalesce(b, 0), coalesce(null, s), nullif(a, 1), greatest(a, 2.5), least(d, '2020-01-01'), coalesce(a, b, 1.5), nullif(null, 1) from t
-- casts
select a::bigint, b::int, x::numeric(10, 1), a::numeric, x::numeric, f::numeric, '1.25'::numeric, s::varchar(3), s::char(2), a::text, d::timestamp, ts::date, '12'::int, 'true'::bool, a::real, a::double precision, null::int, s::smallint from t, (select ts from u) q
select cast('2020-01-01' as date), cast(a as decimal(5)), bool 't', int '5', float8 '1.5', text 'x', bigint '5', 1::bool, flag::int from t
-- function syntax
select extract(year from d), substring(s from 2 for 3), substring(s, 2), position('a' in s), trim(s), trim(both 'x' from s), trim(leading from s), overlay(s placing 'xx' from 2), upper(s), length(s), abs(a), round(x, 1), date_trunc('month', d) from t

"""What came in a month beside what used to come: volume, silence, jumps.

The bounds are rows of the catalogue (`gate_bounds`), each with its reason. A failed check withholds
the release of its month; the data stay loaded and scored.
"""

from __future__ import annotations

from expectations.vocabulary import Suite, holds

# In tens, so that a word that lets a month pass holds while little changes, and not for worse.
_SHORT = (
    "' short by ' || 10 * floor(10 - 10 * records / nullif(expected_records, 0))::integer || ' %'"
)

VOLUME = Suite(
    name="delivery_volume",
    relation="intermediate.int_delivery_volume",
    scope_column="period_month",
    checks=(
        holds(
            "day_is_not_too_small",
            "delivered_on is null or is_too_small is false",
            "A day of a feed brought less than half of what such days used to bring: part of it is "
            "missing, or the offices were closed and the calendar does not say so.",
            names=f"array[feed || ' ' || delivered_on || {_SHORT}]",
        ),
        holds(
            "month_is_not_too_small",
            "delivered_on is not null or is_too_small is false",
            "The working days of the month together brought less than half of those in the eight "
            "weeks before.",
            names=f"array[feed || ' ' || to_char(period_month, 'YYYY-MM') || {_SHORT}]",
        ),
        holds(
            "every_working_day_is_judged",
            "delivered_on is not null or days_not_judged = 0",
            "Working days that nothing can be held against: the weeks before them were not read, "
            "or they were read more than three days late and those before them were not.",
            severity="warn",
            names="array[feed || ' ' || days_not_judged || ' days of ' "
            "|| to_char(period_month, 'YYYY-MM')]",
        ),
    ),
)

# A month stands here also when no unit of it is silent.
_SILENCES = """(
    select
        period.period_month,
        silence.unit_code,
        silence.last_active_on,
        -- no row is no silence; a bound that is not there is no verdict, which fails
        silence.unit_code is not null and silence.is_alarm as is_alarm,
        exists (
            select from intermediate.int_known_year as known
            where known.year = extract(year from period.period_month)
        ) as is_year_known
    from intermediate.int_period as period
    left join intermediate.int_unit_silence as silence
        on silence.period_month = period.period_month
)"""

SILENCE = Suite(
    name="unit_silence",
    relation=_SILENCES,
    scope_column="period_month",
    checks=(
        holds(
            "no_unit_fell_silent",
            "is_alarm is false",
            "A unit that always had dossiers has had none up to the end of the month or the data "
            "cut-off: its system may have stopped sending.",
            names="array[unit_code || ' since ' || last_active_on]",
        ),
        holds(
            "year_is_in_the_calendar",
            "is_year_known",
            "The office calendar does not know the year's Lunar New Year, so that neither volume "
            "nor silence is judged: add the year's holidays and the quiet weeks.",
            # Nothing is wrong with the records, and a month is due on its day.
            severity="warn",
            names="array[to_char(period_month, 'YYYY')]",
        ),
    ),
)

# Each rate beside that of the month before, where both rest on enough records and nothing in
# between makes them incomparable. Transparency counts the procedures that fell due in the month,
# which come in bundles: criterion 04 of the sample province moves by 30 points and back.
_RATES = """(
    with bound as (
        select
            period.period_month,
            max(value) filter (where bound_code = 'rate_least_denominator') as least_denominator,
            max(value) filter (where bound_code = 'rate_largest_move') as largest_move
        from intermediate.int_period as period
        inner join catalogue.gate_bounds as b
            on period.last_day between b.valid_from and coalesce(b.valid_to, 'infinity')
        group by period.period_month
    )
    select
        score.period_month,
        score.unit_code,
        score.unit_type,
        score.criterion_code,
        abs(score.rate - before.rate) as move,
        abs(score.rate - before.rate) > bound.largest_move as is_jump
    from marts.fct_criterion_score as score
    inner join marts.fct_criterion_score as before
        on
            before.period_month = score.period_month - interval '1 month'
            and before.unit_code = score.unit_code
            and before.criterion_code = score.criterion_code
            and before.catalogue_version = score.catalogue_version
    inner join bound on bound.period_month = score.period_month
    where
        score.group_code <> 'transparency'
        and least(score.denominator, before.denominator) >= bound.least_denominator
        and not exists (
            select from catalogue.series_breaks as series
            where date_trunc('month', series.break_on) = score.period_month
        )
)"""

RATES = Suite(
    name="rate_moves",
    relation=_RATES,
    scope_column="period_month",
    checks=(
        holds(
            "province_rates_are_steady",
            "unit_type <> 'province' or is_jump is not true",
            "The whole province does not change so much in a month: a field is filled in another "
            "way, or the criterion is met in another.",
            names="array[unit_code || ' criterion ' || criterion_code "
            "|| ' by ' || (10 * floor(10 * move))::integer || ' points']",
        ),
        holds(
            "unit_rates_are_steady",
            "unit_type = 'province' or is_jump is not true",
            # Only a warning: one office can change its ways within a month.
            "A unit's rate moved by more than the bound since the month before.",
            severity="warn",
            names="array[unit_code || ' criterion ' || criterion_code]",
        ),
    ),
)

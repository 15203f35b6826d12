-- a catalogue version begins wherever any criterion begins or has ended
with boundary as (
    select valid_from as begins_on from {{ ref('criteria') }}
    union
    select valid_to + 1 as begins_on from {{ ref('criteria') }}
    where valid_to is not null
),

catalogue as (
    select
        begins_on,
        to_char(begins_on, 'YYYY-MM-DD') as catalogue_version,
        lead(begins_on) over (order by begins_on) - 1 as ends_on
    from boundary
)

select
    criterion.criterion_code,
    catalogue.catalogue_version,
    criterion.group_code,
    criterion.official_number,
    criterion.official_subheading,
    criterion.name_vi,
    criterion.name_en,
    criterion.max_points,
    criterion.basis,
    criterion.applies_to,
    criterion.numerator_measure,
    criterion.denominator_measure,
    criterion.target_rate,
    criterion.lead_unit,
    criterion.cooperating_units,
    criterion.source_code,
    criterion.certainty,
    criterion.reading,
    catalogue.begins_on as valid_from,
    catalogue.ends_on as valid_to
from catalogue
inner join {{ ref('criteria') }} as criterion
    on {{ is_valid_on('criterion', 'catalogue.begins_on') }}

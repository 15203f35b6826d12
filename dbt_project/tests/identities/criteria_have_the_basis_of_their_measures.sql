{{ config(
    severity='error',
    meta={'reason': 'The basis is a property of the measures; a criterion that says another one would be labelled with a time it is not counted over.'}
) }}

select
    criterion.criterion_code,
    criterion.valid_from,
    criterion.basis,
    measure.measure_code,
    measure.basis as measure_basis
from {{ ref('criteria') }} as criterion
inner join {{ ref('measures') }} as measure
    on measure.measure_code in (criterion.numerator_measure, criterion.denominator_measure)
where criterion.basis <> measure.basis

-- What a kWh costs by each tariff in each local hour of the readings. Where rows of a tariff overlap, a price for weekdays or
-- weekends comes before one for all days, and a newer before an older one.
with

tariffs as (select * from {{ ref('stg_billing__tariffs') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

local_hours as (
    select distinct
        local_date,
        day_type,
        local_hour
    from instants
),

priced as (
    select
        local_hours.local_date,
        local_hours.local_hour,
        tariffs.tariff_id,
        cast(tariffs.price_per_kwh as decimal(18, 6)) as price_per_kwh
    from local_hours
    inner join tariffs
        on local_hours.local_date >= tariffs.valid_from_date
        and (tariffs.valid_to_date is null or local_hours.local_date < tariffs.valid_to_date)
        and (tariffs.day_type = 'all' or local_hours.day_type = tariffs.day_type)
        and local_hours.local_hour >= tariffs.start_hour
        and local_hours.local_hour < tariffs.end_hour
    qualify row_number() over (
        partition by local_hours.local_date, local_hours.local_hour, tariffs.tariff_id
        order by tariffs.day_type = 'all', tariffs.valid_from_date desc, tariffs.start_hour desc
    ) = 1
)

select * from priced

-- For a contact without a customer: groups of customers whom the same outage or occasion, the same place and what was said
-- make equally likely. Groups, not customers, are compared first, so that a contact costs as much as there are streets.
-- Considered are the best groups, as many as history shall be looked at for; a group as large as half the town singles out
-- nobody.
with

contacts as (
    select * from {{ ref('fct_contact') }}
    where customer_status = 'not given'
),

places as (select * from {{ ref('int_contact_places') }}),

weighed_outages as (select * from {{ ref('int_complaint_outages') }}),

agreements as (select * from {{ ref('int_complaint_agreements') }}),

customer_outages as (select * from {{ ref('int_customer_outages') }}),

occasions as (select * from {{ ref('int_customer_occasions') }}),

holders as (select * from {{ ref('int_service_point_holders') }}),

premises as (select * from {{ ref('stg_premises__premises') }}),

matters as (select * from {{ ref('int_contact_matters') }}),

habits as (select * from {{ ref('int_contact_habits') }}),

complaint_weights as (select * from {{ ref('complaint_weights') }}),

weights as (
    {{ limits_as_columns('complaint_weights', 'weight_name', 'weight_value', [
        'street_points', 'area_points', 'similarity_without_points', 'greatest_considered_customers', 'recent_bill_points',
        'high_bill_points', 'event_points', 'opt_out_points', 'offer_points', 'days_after_bill', 'days_after_event',
        'days_after_offer', 'occasion_half_life_days'
    ]) }}
),

high_bill_limits as (select * from {{ ref('high_bill_limits') }}),

high_bill as (
    {{ limits_as_columns('high_bill_limits', 'limit_name', 'limit_value', ['high_bill_ratio']) }}
),

outage_groups as (
    select
        outage_id,
        is_recorded,
        area,
        street,
        count(*) as customers
    from customer_outages
    group by
        outage_id,
        is_recorded,
        area,
        street
),

place_groups as (
    select
        coalesce(premises.area, '') as area,
        coalesce(premises.street, '') as street,
        count(*) as customers
    from premises
    inner join holders on premises.service_point_id = holders.service_point_id
    group by
        coalesce(premises.area, ''),
        coalesce(premises.street, '')
),

weighed_places as (
    select
        places.contact_key,
        places.place_kind,
        places.place_name,
        places.similarity,
        case when places.place_kind = 'street' then weights.street_points else weights.area_points end
        * (places.similarity - weights.similarity_without_points) / (1 - weights.similarity_without_points) as place_points
    from places
    cross join weights
),

named_streets as (
    select * from weighed_places
    where place_kind = 'street'
),

named_areas as (
    select * from weighed_places
    where place_kind = 'area'
),

occasions_of_matters as (
    select
        listed.matter,
        listed.occasion,
        cast(case listed.occasion
            when 'high bill' then weights.days_after_bill
            when 'event' then weights.days_after_event
            when 'opting out' then weights.days_after_event
            else weights.days_after_offer
        end as integer) as days_after
    from (
        values
        ('bill', 'high bill'),
        ('unknown', 'high bill'),
        ('program', 'event'),
        ('program', 'opting out'),
        ('program', 'offer'),
        ('program', 'joining')
    ) as listed (matter, occasion)
    cross join weights
),

occasion_groups as (
    select
        occasion,
        occasion_date,
        ratio_cell,
        area,
        street,
        count(*) as customers
    from occasions
    group by
        occasion,
        occasion_date,
        ratio_cell,
        area,
        street
),

customers_by_date as (
    select
        occasion,
        occasion_date,
        ratio_cell,
        sum(customers) as customers
    from occasion_groups
    group by
        occasion,
        occasion_date,
        ratio_cell
),

near_occasions as (
    select
        contacts.contact_key,
        customers_by_date.occasion,
        customers_by_date.occasion_date,
        customers_by_date.ratio_cell,
        customers_by_date.customers,
        date_diff('day', customers_by_date.occasion_date, contacts.contact_date) as days_since,
        matters.matter,
        matters.manner
    from contacts
    inner join matters on contacts.contact_key = matters.contact_key
    inner join occasions_of_matters on matters.matter = occasions_of_matters.matter
    inner join customers_by_date
        on occasions_of_matters.occasion = customers_by_date.occasion
        and contacts.contact_date >= customers_by_date.occasion_date
        and contacts.contact_date <= customers_by_date.occasion_date + to_days(occasions_of_matters.days_after)
),

weighed_occasions as (
    select
        near_occasions.*,
        round(
            case
                when near_occasions.occasion = 'high bill'
                    then {{ judged_bill_points(
                        "cast(nullif(near_occasions.ratio_cell, '') as double)", 'near_occasions.days_since', 'false'
                    ) }}
                else {{ judged_occasion_points('near_occasions.occasion', 'near_occasions.days_since') }}
            end + coalesce(day_habits.points, 0) + coalesce(occasion_habits.points, 0), 3
        ) as occasion_points
    from near_occasions
    cross join weights
    cross join high_bill
    left join habits as day_habits
        on near_occasions.matter = day_habits.matter
        and day_habits.trait = 'days'
        and day_habits.cell = {{ days_cell('near_occasions.days_since') }}
    left join habits as occasion_habits
        on near_occasions.matter = occasion_habits.matter
        and near_occasions.manner = occasion_habits.manner
        and occasion_habits.trait = 'occasion'
        and occasion_habits.cell = case
            when near_occasions.occasion = 'high bill' then near_occasions.ratio_cell
            else near_occasions.occasion
        end
),

-- Occasions of the whole town only while they are few, the likeliest first.
counted_occasions as (
    select
        *,
        sum(customers) over (partition by contact_key order by occasion_points desc) as customers_so_far
    from weighed_occasions
),

named_groups as (
    select
        named_streets.contact_key,
        place_groups.area,
        place_groups.street
    from named_streets
    inner join place_groups on named_streets.place_name = place_groups.street
    union
    select
        named_areas.contact_key,
        place_groups.area,
        place_groups.street
    from named_areas
    inner join place_groups on named_areas.place_name = place_groups.area
),

placed_occasions as (
    select
        counted_occasions.contact_key,
        counted_occasions.occasion,
        counted_occasions.occasion_date,
        counted_occasions.ratio_cell,
        counted_occasions.occasion_points,
        occasion_groups.area,
        occasion_groups.street,
        occasion_groups.customers
    from counted_occasions
    cross join weights
    inner join occasion_groups
        on counted_occasions.occasion = occasion_groups.occasion
        and counted_occasions.occasion_date = occasion_groups.occasion_date
        and counted_occasions.ratio_cell = occasion_groups.ratio_cell
    left join named_groups
        on counted_occasions.contact_key = named_groups.contact_key
        and occasion_groups.area = named_groups.area
        and occasion_groups.street = named_groups.street
    where
        counted_occasions.customers_so_far <= weights.greatest_considered_customers
        or named_groups.contact_key is not null
),

agreeing_groups as (
    select
        contact_key,
        outage_id,
        is_recorded,
        minutes_apart,
        outage_points,
        statement_points,
        area,
        street,
        count(*) as customers
    from agreements
    group by all
),

candidate_groups as (
    select
        contact_key,
        outage_id,
        is_recorded,
        minutes_apart,
        outage_points,
        'said' as occasion,
        null as occasion_date,
        null as ratio_cell,
        0 as occasion_points,
        statement_points,
        area,
        street,
        customers
    from agreeing_groups
    union all
    select
        contact_key,
        null as outage_id,
        null as is_recorded,
        null as minutes_apart,
        0 as outage_points,
        occasion,
        occasion_date,
        ratio_cell,
        occasion_points,
        0 as statement_points,
        area,
        street,
        customers
    from placed_occasions
    union all
    select
        weighed_outages.contact_key,
        weighed_outages.outage_id,
        weighed_outages.is_recorded,
        weighed_outages.minutes_apart,
        weighed_outages.outage_points,
        null as occasion,
        null as occasion_date,
        null as ratio_cell,
        0 as occasion_points,
        0 as statement_points,
        outage_groups.area,
        outage_groups.street,
        outage_groups.customers
    from weighed_outages
    inner join outage_groups
        on weighed_outages.outage_id = outage_groups.outage_id
        and weighed_outages.is_recorded = outage_groups.is_recorded
    union all
    select
        named_groups.contact_key,
        null as outage_id,
        null as is_recorded,
        null as minutes_apart,
        0 as outage_points,
        null as occasion,
        null as occasion_date,
        null as ratio_cell,
        0 as occasion_points,
        0 as statement_points,
        place_groups.area,
        place_groups.street,
        place_groups.customers
    from named_groups
    inner join place_groups
        on named_groups.area = place_groups.area
        and named_groups.street = place_groups.street
),

scored as (
    select
        candidate_groups.*,
        round(coalesce(named_streets.place_points, 0) + coalesce(named_areas.place_points, 0), 3) as place_points,
        round(
            candidate_groups.outage_points
            + candidate_groups.occasion_points
            + candidate_groups.statement_points
            + coalesce(named_streets.place_points, 0)
            + coalesce(named_areas.place_points, 0), 3
        ) as points
    from candidate_groups
    left join named_streets
        on candidate_groups.contact_key = named_streets.contact_key
        and candidate_groups.street = named_streets.place_name
    left join named_areas
        on candidate_groups.contact_key = named_areas.contact_key
        and candidate_groups.area = named_areas.place_name
),

counted as (
    select
        *,
        -- With all groups of the same points: what is equally likely is kept or left together.
        sum(customers) over (partition by contact_key order by points desc) as customers_so_far
    from scored
),

kept as (
    select
        counted.contact_key,
        coalesce(counted.outage_id, '') as outage_id,
        counted.is_recorded,
        cast(counted.minutes_apart as integer) as minutes_apart,
        coalesce(counted.occasion, '') as occasion,
        cast(counted.occasion_date as date) as occasion_date,
        coalesce(counted.ratio_cell, '') as ratio_cell,
        cast(counted.statement_points as decimal(9, 3)) as statement_points,
        counted.area,
        counted.street,
        cast(counted.customers as integer) as customers,
        round(counted.outage_points, 3) as outage_points,
        counted.place_points,
        counted.customers_so_far <= weights.greatest_considered_customers as is_considered
    from counted
    cross join weights
)

select * from kept

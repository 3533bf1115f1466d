-- What was known of a customer on a date, and for how long. The source keeps every version, so the history is built anew from
-- it each time; a snapshot of the warehouse would lose it with the warehouse file.
with

customers as (select * from {{ ref('dim_customer') }}),

attributes as (select * from {{ ref('stg_customer__attributes') }}),

agreements as (select * from {{ ref('stg_meter__service_agreements') }}),

known as (select * from {{ ref('int_known_until') }}),

versions as (
    select
        customers.customer_key,
        attributes.*
    from attributes
    inner join customers on attributes.customer_id = customers.customer_id
),

tenures as (
    select
        customers.customer_key,
        agreements.service_point_id,
        agreements.customer_class,
        coalesce(agreements.valid_from, date '1900-01-01') as valid_from_date,
        coalesce(agreements.valid_to, date '2200-01-01') as valid_to_date
    from agreements
    inner join customers on agreements.customer_id = customers.customer_id
),

-- Moves that lie ahead have not happened yet, but for the first of a customer who is still to come.
moves as (
    select
        customer_key,
        min(valid_from_date) as move_date
    from tenures
    group by customer_key
    union
    select
        tenures.customer_key,
        tenures.valid_from_date as move_date
    from tenures
    cross join known
    where coalesce(tenures.valid_from_date <= known.known_until_date, true)
    union
    select
        tenures.customer_key,
        tenures.valid_to_date as move_date
    from tenures
    cross join known
    where tenures.valid_to_date < date '2200-01-01' and coalesce(tenures.valid_to_date <= known.known_until_date, true)
),

-- Dates on which anything may change. A customer without agreements has been there always.
changes as (
    select
        customer_key,
        known_from_date as change_date
    from versions
    union
    select
        customer_key,
        move_date as change_date
    from moves
    union
    select
        customers.customer_key,
        date '1900-01-01' as change_date
    from customers
    where customers.customer_key not in (select tenures.customer_key from tenures)
),

with_service as (
    select
        changes.customer_key,
        changes.change_date,
        cast(count(distinct case when tenures.valid_to_date > changes.change_date then tenures.service_point_id end) as integer)
            as agreements_held,
        -- Of several agreements the one that began last, as in dim_customer; after the last one ended, its class stays.
        max_by(
            tenures.customer_class,
            (tenures.valid_to_date > changes.change_date, tenures.valid_from_date, tenures.service_point_id)
        ) as customer_class
    from changes
    left join tenures
        on changes.customer_key = tenures.customer_key
        and changes.change_date >= tenures.valid_from_date
    group by
        changes.customer_key,
        changes.change_date
),

with_attributes as (
    select
        with_service.customer_key,
        with_service.change_date,
        with_service.agreements_held,
        coalesce(with_service.customer_class, 'unclassified') as customer_class,
        versions.known_from_date,
        versions.tenure,
        versions.household_size,
        versions.income_band,
        versions.is_low_income,
        versions.has_medical_need,
        versions.has_consent,
        versions.language
    from with_service
    asof left join versions
        on with_service.customer_key = versions.customer_key
        and with_service.change_date >= versions.known_from_date
),

-- All facts as one text. A version that says what the one before said opens no row.
written as (
    select
        *,
        {% for fact in [
            'agreements_held', 'customer_class', 'tenure', 'household_size', 'income_band', 'is_low_income', 'has_medical_need',
            'has_consent', 'language', 'known_from_date is not null'
        ] %}
            coalesce(cast({{ fact }} as varchar), '') || chr(31){{ ' ||' if not loop.last }}
        {% endfor %} as facts
    from with_attributes
),

compared as (
    select
        *,
        lag(facts) over (partition by customer_key order by change_date) as former_facts
    from written
),

opened as (
    select
        *,
        lead(change_date) over (partition by customer_key order by change_date) as next_change_date
    from compared
    where former_facts is null or facts != former_facts
),

described as (
    select
        opened.customer_key,
        customers.customer_id,
        opened.change_date as valid_from_date,
        opened.next_change_date as valid_to_date,
        opened.next_change_date is null as is_current,
        opened.customer_class,
        case
            when opened.customer_key in (select tenures.customer_key from tenures) then opened.agreements_held
            else customers.service_points
        end as service_points,
        opened.known_from_date is not null as has_attributes,
        opened.tenure,
        opened.household_size,
        opened.income_band,
        opened.is_low_income,
        opened.has_medical_need,
        opened.has_consent,
        opened.language
    from opened
    inner join customers on opened.customer_key = customers.customer_key
)

select * from described

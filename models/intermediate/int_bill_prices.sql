with

hour_prices as (select * from {{ ref('int_bill_hour_prices') }}),

price_cells as (select * from {{ ref('int_bill_price_cells') }}),

prices as (
    select distinct
        price_cells.price_cell,
        hour_prices.tariff_id,
        hour_prices.price_per_kwh
    from hour_prices
    inner join price_cells
        on hour_prices.local_date = price_cells.local_date and hour_prices.local_hour = price_cells.local_hour
)

select * from prices

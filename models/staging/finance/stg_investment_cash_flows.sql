{{ newest_delivery('investment_cash_flows') }}

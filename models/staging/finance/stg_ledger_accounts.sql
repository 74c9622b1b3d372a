{{ newest_delivery('ledger_accounts') }}

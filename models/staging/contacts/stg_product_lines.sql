{{ newest_delivery('product_lines') }}

{{ newest_delivery('qa_form_items') }}

"""Validation: Great Expectations suites on raw tables and marts, run by `cxm validate`, with Data Docs that read offline.

`suites` reads the judgement in `expectations/*.yml`, `contract_suites` derives the rest from the raw contract, `checks` runs
both through Great Expectations, `data_docs` writes the pages. Great Expectations itself is imported only when it runs.
"""

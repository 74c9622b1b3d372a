"""Great Expectations on raw tables and marts, run by `cxm validate`, with Data Docs that read offline.

`suites` reads the judgement in `expectations/*.yml`, `contract_suites` derives the rest from the raw
contract, `prepare` decides what can run, `run` lets Great Expectations judge it, `data_docs` writes the
pages. Great Expectations itself is imported only when it runs.
"""
